import { WavetankError, isWavetankError, messageOf } from '../../../core/errors.ts';
import type { CommandOptions, RunCommand } from './command.ts';

/** On networks and images of ours: whose they are, so that a person finds them without us. */
export function ownerLabels(cluster: string): Readonly<Record<string, string>> {
  return { 'wavetank.instance': cluster, 'wavetank.part': 'kind' };
}

/** On a cluster's network: names may be the same in two state folders, this is not. */
export const TOKEN_LABEL = 'wavetank.token';

/** The one by which they are found. */
export const ownerLabel = (cluster: string): string => `wavetank.instance=${cluster}`;

const QUICK_MS = 30_000;
const PULL_MS = 900_000;
const BUILD_MS = 300_000;

type Extras = Pick<CommandOptions, 'signal' | 'onLine'>;

/** The few commands of Docker that a kind cluster needs beside kind itself. */
export class Docker {
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  /** @throws WavetankError DOCKER_UNAVAILABLE (environment) */
  async version(): Promise<string> {
    try {
      return await this.#docker(['version', '--format', '{{.Server.Version}}']);
    } catch (error) {
      if (isWavetankError(error, 'PROGRAM_MISSING')) throw error;
      throw new WavetankError('DOCKER_UNAVAILABLE', 'The Docker engine does not answer.', {
        category: 'environment',
        hint: 'Start it, and see that `docker version` shows a server.',
        cause: error,
      });
    }
  }

  /** @returns false when there is one of this name */
  async createNetwork(name: string, labels: Readonly<Record<string, string>>): Promise<boolean> {
    try {
      await this.#docker(['network', 'create', ...labelFlags(labels), name]);
      return true;
    } catch (error) {
      if (/already exists/i.test(messageOf(error))) return false;
      throw error;
    }
  }

  async hasNetwork(name: string, label?: string): Promise<boolean> {
    const filters = [...(label === undefined ? [] : ['--filter', `label=${label}`]), '--filter', `name=^${name}$`];
    return (await this.#docker(['network', 'ls', '--quiet', ...filters])) !== '';
  }

  /** Nothing when there is none of this name. */
  async removeNetwork(name: string): Promise<boolean> {
    if (!(await this.hasNetwork(name))) return false;
    await this.#docker(['network', 'rm', name]);
    return true;
  }

  /** The address of this machine in the container's network. */
  async gatewayOf(container: string): Promise<string> {
    const text = await this.#docker(['inspect', '--format', '{{json .NetworkSettings.Networks}}', container]);
    const networks = Object.values(JSON.parse(text) as Record<string, { Gateway?: string }>);
    const gateway = networks.find(({ Gateway }) => Gateway)?.Gateway;
    if (gateway) return gateway;
    throw new WavetankError('DOCKER_NETWORK_WITHOUT_GATEWAY', `${container} has no way to this machine.`, {
      category: 'environment',
    });
  }

  async hasImage(name: string): Promise<boolean> {
    return (await this.imageId(name)) !== undefined;
  }

  /** `sha256:…`, or undefined when the engine does not have it. */
  async imageId(name: string): Promise<string | undefined> {
    const found = await this.#docker(['image', 'ls', '--quiet', '--no-trunc', name]);
    return found === '' ? undefined : found.split('\n')[0];
  }

  async pull(name: string, extras: Extras): Promise<void> {
    await this.#docker(['pull', name], { ...extras, timeoutMs: PULL_MS });
  }

  async build(
    context: string,
    options: {
      readonly tag: string;
      readonly dockerfile: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly args: Readonly<Record<string, string>>;
    } & Extras,
  ): Promise<void> {
    const { tag, dockerfile, labels, args, ...extras } = options;
    const flags = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
    await this.#docker(['build', '--tag', tag, '--file', dockerfile, ...labelFlags(labels), ...flags, context], {
      ...extras,
      timeoutMs: BUILD_MS,
    });
  }

  /** Nothing when there is none of this name. */
  async removeImage(name: string): Promise<boolean> {
    if (!(await this.hasImage(name))) return false;
    await this.#docker(['image', 'rm', name]);
    return true;
  }

  /** Those too that have no name. */
  async removeImagesWith(label: string): Promise<void> {
    const text = await this.#docker(['image', 'ls', '--quiet', '--no-trunc', '--filter', `label=${label}`]);
    const ids = [...new Set(text.split('\n').filter((id) => id !== ''))];
    if (ids.length > 0) await this.#docker(['image', 'rm', ...ids]);
  }

  /**
   * Makes a container of this name, which never runs. An engine reserves a container's name before it makes one, and goes on making it when who asked for it is
   * gone: whoever has the name keeps it from doing so.
   * @returns false when the name is taken
   */
  async takeName(name: string, image: string, label: string): Promise<boolean> {
    try {
      await this.#docker(['create', '--pull', 'never', '--label', label, '--name', name, image]);
      return true;
    } catch (error) {
      const said = messageOf(error);
      if (/already in use/i.test(said)) return false;
      // Nobody can make a container of it, either.
      if (/no such image/i.test(said)) return true;
      throw error;
    }
  }

  /** Names of all containers with this label, running or not. */
  async containersWith(label: string): Promise<string[]> {
    const text = await this.#docker(['ps', '--all', '--filter', `label=${label}`, '--format', '{{.Names}}']);
    return text.split('\n').filter((name) => name !== '');
  }

  /** With the anonymous volumes that came with them. */
  async removeContainers(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.#docker(['rm', '--force', '--volumes', ...names]);
  }

  exec(container: string, command: readonly string[], extras: Partial<CommandOptions> = {}): Promise<string> {
    return this.#docker(['exec', container, ...command], extras);
  }

  #docker(args: readonly string[], options: Partial<CommandOptions> = {}): Promise<string> {
    return this.#run('docker', args, { timeoutMs: QUICK_MS, ...options });
  }
}

function labelFlags(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
}
