import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import { LABELS } from '../../../engine/api/names.ts';
import type { WorkFlow } from '../../../engine/api/workflow.ts';
import { NETWORK_POLICIES, PODS } from '../../../engine/kubernetes/objects.ts';
import type { NetworkPolicy, Pod } from '../../../engine/kubernetes/pod-types.ts';
import { CANARY_NAMESPACE } from '../probe/lab-gate.ts';
import { hasEnded, untilPod } from '../probe/until-pod.ts';
import type { RunningKindCluster } from './start-kind-cluster.ts';
import type { EngineOnKind } from './testing/engine-on-kind.ts';
import { NAMESPACE, scriptCommand, startEngineOnKind } from './testing/engine-on-kind.ts';
import { startSharedKind, whyNoKind } from './testing/lab-kind.ts';

const IMAGE = 'busybox:latest';
const RUNS = 50;
/** At once: enough to be done in minutes, few enough that each one's policy has somebody to wait for. */
const LANES = 5;
const TEST_MS = 600_000;
const GOOD = 'finished exit 0';

const reason = whyNoKind();
describe.skipIf(reason !== undefined)(`the gate${reason === undefined ? '' : ` (${reason})`}`, () => {
  let cluster: RunningKindCluster;
  let lab: EngineOnKind;
  let outside: Server;
  let heard: number;
  /** So many gates to come cannot be started. */
  let broken = 0;
  /** Its first instruction is to connect: to the canary and to this machine. */
  let attack: string;

  beforeAll(async () => {
    cluster = await startSharedKind({ preloads: [{ name: IMAGE, source: IMAGE }] });
    lab = await startEngineOnKind(cluster, {
      gate: { ...cluster.gate.gate, timeoutMs: 8000 },
      podsCommand: (script) => (script === 'gate' && broken-- > 0 ? ['/nowhere'] : scriptCommand(script)),
    });
    heard = 0;
    outside = createServer((socket) => {
      heard++;
      socket.on('error', () => undefined).destroy();
    });
    await new Promise<void>((resolve) => outside.listen(0, cluster.hostAddressFromPods, resolve));
    const { port } = outside.address() as AddressInfo;
    const knock = (target: string): string => `echo here | nc -w 1 ${target}`;
    const targets = [`${cluster.gate.canaryIp} ${cluster.gate.canaryPort}`, `${cluster.hostAddressFromPods} ${port}`];
    attack = `${targets.map((target) => `{ ${knock(target)}; } &`).join(' ')} wait`;
  });
  afterAll(async () => {
    outside?.close();
    await lab?.stop();
    await cluster?.stop();
  });

  const job = (entrypoint: string): Promise<string> =>
    lab.submit({ algorithm: { did: 'did:op:algo', image: IMAGE, entrypoint } });

  test('the same program gets through where no policy holds it', async () => {
    const made = unrestricted(attack);
    await cluster.client.create(PODS, made);
    const ref = { name: made.metadata.name, namespace: CANARY_NAMESPACE };
    const ended = await untilPod(ref, hasEnded, { client: cluster.client, clock: systemClock, timeoutMs: 60_000 });
    const { control } = cluster.gate.gate;
    await waitUntil('the canary to tell', () => control.hasSeen(ended.status?.podIP ?? '', 0, '') || undefined, {
      clock: systemClock,
      timeoutMs: 10_000,
    });
    expect(heard).toBe(1);
    await cluster.client.delete(PODS, ref, { gracePeriodSeconds: 0 });
  });

  test(`connects with its first instruction, ${RUNS} times, and never gets through`, { timeout: TEST_MS }, async () => {
    const before = heard;
    const ends: string[] = [];
    const lane = async (): Promise<void> => {
      for (let i = 0; i < RUNS / LANES; i++) {
        const ended = await lab.ended(await job(attack));
        // Of any other end, all that is known.
        ends.push(endOf(ended) === GOOD ? GOOD : JSON.stringify(ended.status));
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    expect(ends).toEqual(Array.from({ length: RUNS }, () => GOOD));
    expect(heard).toBe(before);
  });

  test.each([
    [1, GOOD, 1],
    [9, 'containerCreationFailed StartError exit none', 2],
  ])('%i gates that the runtime cannot start: %s', async (failures, end, failedStarts) => {
    broken = failures;
    try {
      const ended = await lab.ended(await job(attack));
      expect({ end: endOf(ended), failedStarts: ended.status?.failedStarts?.length }).toEqual({ end, failedStarts });
    } finally {
      broken = 0;
    }
  });

  test('a policy that opens what it should keep shut: the job is refused, and never ran', async () => {
    await cluster.client.create(NETWORK_POLICIES, openAll);
    try {
      expect(endOf(await lab.ended(await job(attack)))).toBe('isolationUnavailable NeverDenied exit none');
    } finally {
      await cluster.client.delete(NETWORK_POLICIES, openAll.metadata);
    }
  });

  test('a policy that opens while the algorithm runs: the breach is seen, and said', async () => {
    const { canaryIp, canaryPort } = cluster.gate;
    const jobId = await job(`while true; do nc -w 1 ${canaryIp} ${canaryPort} </dev/null; sleep 0.2; done`);
    const running = await lab.inPhase(jobId, 'runningAlgorithm');
    expect(running.status?.details?.['breached']).toBeUndefined();
    await waitUntil('it to run', () => lab.workflow(jobId)?.status?.computePod?.startedAt, {
      clock: systemClock,
      timeoutMs: 60_000,
    });
    await cluster.client.create(NETWORK_POLICIES, openAll);
    try {
      expect(endOf(await lab.ended(jobId))).toMatch(/^isolationBreached CanaryReached/);
    } finally {
      await cluster.client.delete(NETWORK_POLICIES, openAll.metadata);
    }
  });
});

/** Somebody's addition to the namespace: policies only ever add up. */
const openAll: NetworkPolicy = {
  metadata: { name: 'open-all', namespace: NAMESPACE },
  spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{}] },
};

function unrestricted(command: string): Pod {
  return {
    metadata: { name: 'unrestricted', namespace: CANARY_NAMESPACE, labels: { [LABELS.stage]: 'compute' } },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10_003, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'main',
          image: IMAGE,
          imagePullPolicy: 'Never',
          command: ['sh', '-c', command],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

function endOf({ status }: WorkFlow): string {
  const exit = `exit ${status?.outcome?.exitCode ?? 'none'}`;
  const why = status?.phase === 'finished' ? '' : ` ${String(status?.details?.['reason'])}`;
  return `${status?.phase}${why} ${exit}`;
}
