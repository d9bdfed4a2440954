import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../../core/clock.ts';
import { createNative } from '../../../../core/native.ts';
import { waitUntil } from '../../../../core/wait-until.ts';
import { commandRunner } from '../command.ts';
import { KIND_CLUSTER_LABEL } from '../kind-cli.ts';

const MAIN = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));
/** Files that are kept on purpose: what was measured or built once for all runs, and the evidence of a failure. */
const KEPT = /^(pods-app|reports)\/|^cluster\/capabilities-/;
const PATIENCE_MS = 400_000;
const run = commandRunner(createNative());

/** What a testbed has outside its own process. */
export interface Traces {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  readonly images: readonly string[];
  readonly files: readonly string[];
}

export const NO_TRACES: Traces = { containers: [], networks: [], volumes: [], images: [], files: [] };

export interface Command {
  readonly child: ChildProcess;
  readonly exited: Promise<number | string>;
  /** On standard output. */
  printed(): string;
}

/** A `wavetank` command on kind and MinIO as a user runs it, in a state folder of its own. */
export class TestbedProcess {
  readonly state = mkdtempSync(path.join(tmpdir(), 'testbed-on-kind-'));
  #instance: string | undefined;
  /** Volumes have no labels of ours: they are known by the containers that use them. */
  readonly #volumes = new Set<string>();

  wavetank(...args: string[]): Command {
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    const child = spawn(process.execPath, [MAIN, ...args, '--state', this.state], { stdio: [...stdio] });
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
    return { child, exited, printed: () => text };
  }

  /** Resolves when the cluster's node is there, long before anything answers. */
  nodeIsMade(command: Command): Promise<void> {
    return unlessItEnds(command, this.#nodeIsMade());
  }

  /** Its file of endpoints is there: a moment before it has probed them and says so. */
  isReady(command: Command): Promise<void> {
    return unlessItEnds(command, this.#isReady());
  }

  /** Of `up --json`, whose one line says that it is ready. Interrupted before, it ends with 130. */
  hasSaidSo(command: Command): Promise<void> {
    return unlessItEnds(command, this.#hasSaidSo(command));
  }

  async #nodeIsMade(): Promise<void> {
    await this.#until('the journal', () => this.#findInstance());
    await this.#until('the node', async () => ((await this.#containers()).length > 0 ? true : undefined));
  }

  async #isReady(): Promise<void> {
    const endpoints = (): true | undefined =>
      readdirSync(this.state).some((name) => existsSync(path.join(this.state, name, 'endpoints.json'))) || undefined;
    await this.#until('the testbed', endpoints);
    this.#findInstance();
  }

  async #hasSaidSo({ printed }: Command): Promise<void> {
    await this.#until('its line', () => printed().includes('\n') || undefined);
  }

  /** Call it while the testbed runs, too: what it uses then is looked for afterwards. */
  async traces(): Promise<Traces> {
    const instance = this.#findInstance();
    if (instance === undefined) throw new Error('The testbed was never there.');
    const containers = await this.#containers();
    const inUse = containers.length === 0 ? [] : await lines('docker', 'inspect', '--format', VOLUMES, ...containers);
    for (const volume of inUse) this.#volumes.add(volume);
    const all = new Set(await lines('docker', 'volume', 'ls', '--quiet'));
    const ofCluster = ['--filter', `label=wavetank.instance=${clusterOf(instance)}`];
    return {
      containers,
      networks: await lines('docker', 'network', 'ls', '--quiet', ...ofCluster),
      volumes: [...this.#volumes].filter((volume) => all.has(volume)),
      images: await lines('docker', 'image', 'ls', '--quiet', ...ofCluster),
      files: this.#files(),
    };
  }

  /** Whatever is left is removed here, so that one failure makes no others. */
  async dispose(): Promise<void> {
    await this.wavetank('down').exited;
    rmSync(this.state, { recursive: true, force: true });
  }

  #files(): string[] {
    const entries = readdirSync(this.state, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.relative(this.state, path.join(entry.parentPath, entry.name)))
      .filter((file) => !KEPT.test(file));
  }

  /** The journal names it before anything of the cluster exists. */
  #findInstance(): string | undefined {
    const folder = path.join(this.state, 'kind');
    const names = existsSync(folder) ? readdirSync(folder) : [];
    return (this.#instance ??= names.flatMap((name) => /^wavetank-(.*)\.cluster\.json$/.exec(name)?.[1] ?? [])[0]);
  }

  async #containers(): Promise<string[]> {
    const instance = this.#findInstance() ?? '';
    const labels = [`${KIND_CLUSTER_LABEL}=${clusterOf(instance)}`, `wavetank.instance=${instance}`];
    const found = labels.map((label) => lines('docker', 'ps', '--all', '--quiet', '--filter', `label=${label}`));
    return (await Promise.all(found)).flat();
  }

  #until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
    return waitUntil(what, look, { clock: systemClock, timeoutMs: PATIENCE_MS, intervalMs: 50 });
  }
}

/** Names of the volumes that a container mounts, a line each. */
const VOLUMES = '{{range .Mounts}}{{if eq .Type "volume"}}{{println .Name}}{{end}}{{end}}';

function unlessItEnds<T>({ exited }: Command, work: Promise<T>): Promise<T> {
  work.catch(() => undefined); // when the command was the first to end
  const ended = exited.then((code) => {
    throw new Error(`The testbed ended with ${code}.`);
  });
  return Promise.race([work, ended]);
}

function clusterOf(instance: string): string {
  return `wavetank-${instance}`;
}

async function lines(program: string, ...args: string[]): Promise<string[]> {
  return (await run(program, args, { timeoutMs: 60_000 })).split('\n').filter((line) => line.trim() !== '');
}
