import type { CommandOptions, RunCommand } from './command.ts';

/** kind puts it on the containers of its clusters. */
export const KIND_CLUSTER_LABEL = 'io.x-k8s.kind.cluster';

/** The container that is a cluster's only node. */
export const nodeOf = (cluster: string): string => `${cluster}-control-plane`;

/** Pulling a node image can take minutes; without it a cluster is up in well under one. */
const CREATE_MS = 900_000;
const DELETE_MS = 60_000;
const LOAD_MS = 300_000;

export interface CreateRequest {
  readonly name: string;
  readonly nodeImage: string;
  readonly configFile: string;
  readonly kubeconfigPath: string;
  readonly network: string;
}

/** The kind program. Every call names our own kubeconfig: the user's is neither read nor written. */
export class KindCli {
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  async version(): Promise<string> {
    return (await this.#kind(['version'], { timeoutMs: 10_000 })).split('\n')[0] ?? '';
  }

  async clusters(): Promise<string[]> {
    return (await this.#kind(['get', 'clusters', '--quiet'], { timeoutMs: 30_000 })).split('\n').filter(Boolean);
  }

  /** Whether the cluster is ready is for the caller to see: kind's own wait prints a warning and succeeds. */
  async create(request: CreateRequest, options: Pick<CommandOptions, 'signal' | 'onLine' | 'onStart'>): Promise<void> {
    const { name, nodeImage, configFile, kubeconfigPath, network } = request;
    const args = ['--name', name, '--image', nodeImage, '--config', configFile, '--kubeconfig', kubeconfigPath];
    await this.#kind(['create', 'cluster', '--retain', ...args], {
      ...options,
      // Its `docker run` would go on without it.
      isGroup: true,
      timeoutMs: CREATE_MS,
      // A network of its own: it is ours to remove, and other clusters of this machine are not in it.
      env: { KIND_EXPERIMENTAL_DOCKER_NETWORK: network },
    });
  }

  async exportKubeconfig(name: string, kubeconfigPath: string): Promise<void> {
    await this.#kind(['export', 'kubeconfig', '--name', name, '--kubeconfig', kubeconfigPath], { timeoutMs: 30_000 });
  }

  /** A file that `docker save` wrote. */
  async loadArchive(name: string, file: string, options: Pick<CommandOptions, 'signal'>): Promise<void> {
    await this.#kind(['load', 'image-archive', '--name', name, file], { ...options, timeoutMs: LOAD_MS });
  }

  async exportLogs(name: string, folder: string): Promise<void> {
    await this.#kind(['export', 'logs', '--name', name, folder], { timeoutMs: 120_000 });
  }

  async delete(name: string, kubeconfigPath: string): Promise<void> {
    await this.#kind(['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfigPath], { timeoutMs: DELETE_MS });
  }

  #kind(args: readonly string[], options: CommandOptions): Promise<string> {
    return this.#run('kind', args, options);
  }
}
