import { dirname } from 'node:path';
import type { RunningTestbed } from '../../../harness/index.ts';
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
      parameters: { mode: 'endless', seconds: 20 },
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
      name: 'disk',
      algorithm: abuse,
      parameters: { mode: 'disk', bytes: 2 ** 31, keep: false },
      needs: ['volume-size'],
    },
    {
      name: 'fork bomb',
      algorithm: abuse,
      parameters: { mode: 'fork-bomb', processes: 2000, seconds: 3 },
      needs: ['pids'],
    },
    {
      name: 'a process that outlives its parent',
      algorithm: abuse,
      parameters: { mode: 'outlive', seconds: 20, marker, tcp: listeners.tcp.slice(0, 1) },
      needs: ['user', 'network'],
    },
    {
      name: 'tricks in the outputs',
      algorithm: abuse,
      parameters: { mode: 'output-tricks', smallFiles: 20 },
      needs: [],
    },
    { name: 'log flood', algorithm: abuse, parameters: { mode: 'log-flood', bytes: FLOOD_BYTES, marker }, needs: [] },
    { name: 'leak', algorithm: leaky, parameters: { rows: 2 }, needs: [] },
  ];
}

/** Enough for the start; the job then has less. */
export const PAID_SECONDS = 3;

/** More than a log may hold. */
export const FLOOD_BYTES = 16 * 2 ** 20;

function targets({ marker, listeners, victim }: Witnesses, testbed: RunningTestbed): Record<string, unknown> {
  const { endpoints, observe } = testbed;
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
    jobPaths: [dirname(endpoints.kubeconfig), '/var/lib/wavetank', '/var/lib/kubelet/pods'],
  };
}
