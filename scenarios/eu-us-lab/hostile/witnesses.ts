import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CanaryListeners, Observer, Story } from '../../../harness/index.ts';
import { eventually } from '../eventually.ts';

/** Those who would see a hostile algorithm succeed: listeners that nobody may reach, a process that must live, servers that count knocks. */
export interface Witnesses {
  /** What the algorithm writes and sends, and is called. */
  readonly marker: string;
  readonly listeners: CanaryListeners;
  /** Which kinds of listeners saw somebody who was allowed to reach them. */
  readonly proven: readonly string[];
  /** A process of this machine that the algorithm is told to look into, trace and kill. */
  readonly victim: ChildProcess;
  /** The servers of the testbed that count knocks. */
  readonly servers: readonly string[];
  /** Those that run elsewhere, where nobody counts. */
  readonly unwatchedServers: readonly string[];
  /** Servers at which the control, outside every pod, knocked and was counted. */
  readonly provenServers: readonly string[];
  /** Knocks since then, by server. */
  newKnocks(): Readonly<Record<string, number>>;
  dismiss(): Promise<void>;
}

export async function callWitnesses({ testbed, clock, signal }: Story): Promise<Witnesses> {
  const { observe } = testbed;
  // Ends with its input, hence with this process at the latest.
  const victim = spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore'] });
  const listeners = await observe.startCanaryListeners();
  const [proven, control] = await Promise.all([listeners.prove(), knockEverywhere(observe, { clock, signal })]);
  return {
    marker: `hostile-algorithm-of-${process.pid}`,
    listeners,
    proven,
    victim,
    servers: watchedServers(observe).map(({ name }) => name),
    unwatchedServers: observe
      .servers()
      .filter((server) => server.strayConnections() === undefined)
      .map(({ name }) => name),
    provenServers: control.proven,
    newKnocks: () => differences(control.counts, knocks(observe)),
    async dismiss() {
      victim.kill('SIGKILL');
      await Promise.all([
        listeners.stop(),
        victim.exitCode === null && victim.signalCode === null && once(victim, 'exit'),
      ]);
    },
  };
}

type Knocks = Readonly<Record<string, number>>;

function watchedServers(observe: Observer): ReturnType<Observer['servers']> {
  return observe.servers().filter((server) => server.strayConnections() !== undefined);
}

function knocks(observe: Observer): Knocks {
  return Object.fromEntries(watchedServers(observe).map((server) => [server.name, server.strayConnections() ?? 0]));
}

function differences(before: Knocks, after: Knocks): Knocks {
  const changed = Object.entries(after).filter(([name, count]) => count !== (before[name] ?? 0));
  return Object.fromEntries(changed.map(([name, count]) => [name, count - (before[name] ?? 0)]));
}

/** The same that the algorithm tries, from outside every pod: there it must be seen. */
async function knockEverywhere(
  observe: Observer,
  waiting: Pick<Story, 'clock' | 'signal'>,
): Promise<{ proven: string[]; counts: Knocks }> {
  const before = knocks(observe);
  const servers = watchedServers(observe);
  await Promise.all(servers.map(({ address }) => knock(address)));
  const counts = await eventually(
    waiting,
    async () => knocks(observe),
    (seen) => servers.every(({ name }) => (seen[name] ?? 0) > (before[name] ?? 0)),
    1000,
  );
  return { proven: Object.keys(differences(before, counts)), counts };
}

async function knock(address: string): Promise<void> {
  const [host = '', port] = address.split(/:(?=\d+$)/);
  const socket = connect({ host, port: Number(port) });
  socket.on('error', () => socket.destroy());
  socket.once('connect', () => socket.end('the control\n'));
  socket.resume();
  await once(socket, 'close');
}

/** Processes of this machine with the marker in their command line; undefined where there is no /proc. */
export function processesMarked(marker: string): string[] | undefined {
  if (!existsSync('/proc/self')) return undefined;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandLine(pid).includes(marker));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has ended
  }
}

/** Files with the marker's name where the algorithm tried to write on the machine. */
export function filesMarked(marker: string): string[] {
  return ['/', '/etc', '/usr/bin', '/var', tmpdir()].map((folder) => join(folder, marker)).filter(existsSync);
}
