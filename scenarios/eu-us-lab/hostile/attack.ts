import { dirname, join } from 'node:path';
import type { CapabilityName, RunningTestbed } from '../../../harness/index.ts';
import type { HostileAlgorithms } from './algorithms.ts';
import type { Experiment } from './experiments.ts';
import type { Witnesses } from './witnesses.ts';

/** The jobs that the US lab starts once its three algorithms were approved. */
export function experimentsOf(
  { hostile, abuse, leaky }: HostileAlgorithms,
  witnesses: Witnesses,
  testbed: RunningTestbed,
): readonly Experiment[] {
  const { marker, listeners } = witnesses;
  return [
    // First, since its time is running as soon as it is paid.
    {
      name: 'endless running',
      algorithm: abuse,
      // How long is said with each start: longer than what is paid then.
      parameters: { mode: 'endless' },
      needs: [],
      paidSeconds: PAID_SECONDS,
    },
    {
      name: 'hostile',
      algorithm: hostile,
      parameters: targets(witnesses, testbed),
      needs: ['network', 'localhost', 'readonly', 'user'],
    },
    { name: 'memory', algorithm: abuse, parameters: { mode: 'memory', bytes: 2 ** 31 }, needs: ['memory'] },
    {
      name: OVERUSE_JOB,
      algorithm: abuse,
      parameters: {
        mode: modesPossibleIn(testbed),
        smallFiles: 3,
        floodBytes: FLOOD_BYTES,
        bytes: 2 ** 31,
        keep: false,
        seconds: 20,
        marker,
        tcp: listeners.tcp.slice(0, 1),
      },
      needs: [],
    },
    { name: 'leak', algorithm: leaky, parameters: { rows: 2, encodings: ENCODINGS }, needs: [] },
  ];
}

/** What one job can do one after the other, and live: what can be tried of it depends on the machine. */
export const OVERUSES = [
  { mode: 'output-tricks', name: 'tricks in the outputs', needs: [] },
  { mode: 'log-flood', name: 'log flood', needs: [] },
  { mode: 'disk', name: 'disk', needs: ['volume-size'] },
  { mode: 'outlive', name: 'a process that outlives its parent', needs: ['user', 'network'] },
  { mode: 'fork-bomb', name: 'fork bomb', needs: ['pids'] },
] as const satisfies readonly { mode: string; name: string; needs: readonly CapabilityName[] }[];

export const OVERUSE_JOB = 'overuse of what is allowed';

function modesPossibleIn({ capabilities }: RunningTestbed): string[] {
  const isPossible = (needs: readonly CapabilityName[]): boolean =>
    needs.every((name) => capabilities[name].enforcement === 'enforced');
  return OVERUSES.filter(({ needs }) => isPossible(needs)).map(({ mode }) => mode);
}

/** Enough for the start, if not much more. */
const PAID_SECONDS = 3;

/** Of those that the leaky algorithm knows: plain, written otherwise, packed, and packed and written otherwise. */
const ENCODINGS = ['clear', 'base64', 'hex', 'utf16', 'gzip', 'gzip-base64'];

/** How much the environments of this case let an algorithm log. */
export const LOG_CAP_BYTES = 512 * 1024;

/** More than a log may hold. */
export const FLOOD_BYTES = 2 * LOG_CAP_BYTES;

function targets({ marker, listeners, victim }: Witnesses, testbed: RunningTestbed): Record<string, unknown> {
  const { endpoints, endpointsFile, observe } = testbed;
  // A kubeconfig of the user's own may lie anywhere, in a folder that pods have too.
  const own = dirname(endpointsFile);
  const servers = observe.servers().flatMap(({ name, address, addressFromPods }) => [
    [name, address],
    [`${name} as pods would name it`, addressFromPods],
  ]);
  return {
    marker,
    timeoutMs: 150,
    tcp: listeners.tcp,
    udp: listeners.udp,
    dns: listeners.dns.map((server) => ({ server, name: `${marker}.test` })),
    unixSockets: [listeners.unixSocket, ...(listeners.abstractSocket ? [listeners.abstractSocket] : [])],
    services: Object.fromEntries(servers) as Record<string, string>,
    victims: [victim.pid],
    hostPaths: [endpoints.kubeconfig, endpoints.addressFile],
    // Where other jobs' volumes and the testbed's own files lie, on this machine and as the cluster names them.
    jobPaths: [own, join(dirname(own), 'cluster'), '/var/lib/wavetank', '/var/lib/kubelet/pods'],
  };
}
