import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { createNative } from '../../../core/native.ts';
import type { ClusterCapabilities } from '../cluster.ts';
import { commandRunner } from './command.ts';
import { Docker } from './docker.ts';
import { measureKind } from './measure-kind.ts';
import type { RunningKindCluster } from './start-kind-cluster.ts';
import { startEngineOnKind } from './testing/engine-on-kind.ts';
import { startSharedKind, whyNoKind } from './testing/lab-kind.ts';

const TEST_MS = 240_000;

const reason = whyNoKind();
describe.skipIf(reason !== undefined)(
  `what a kind cluster enforces${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    let cluster: RunningKindCluster;
    const docker = new Docker(commandRunner(createNative()));
    beforeAll(async () => {
      cluster = await startSharedKind({ measuredBefore: false });
    });
    afterAll(() => cluster?.stop());

    const measure = async (): Promise<ClusterCapabilities> => {
      const { client, hostAddressFromPods: gateway, gate, podsImage: image } = cluster;
      return (await measureKind({ client, clock: systemClock, gateway, gate, image })).capabilities;
    };

    test.each(['network', 'memory', 'readonly', 'user', 'seccomp', 'localhost', 'cpu', 'pids'] as const)(
      '%s',
      (name) => {
        expect(cluster.capabilities[name]).toMatchObject({ enforcement: 'enforced' });
      },
    );

    test(
      'where network policies are switched off it is found out, and nobody is isolated by word alone',
      { timeout: TEST_MS },
      async (context) => {
        const chains = ['FORWARD', 'INPUT'];
        const accept = (how: '-I' | '-D'): Promise<string[]> =>
          Promise.all(chains.map((chain) => docker.exec(cluster.node, ['iptables', how, chain, '-j', 'ACCEPT'])));
        await accept('-I');
        try {
          const capabilities = await measure();
          if (capabilities.network.enforcement === 'enforced')
            return context.skip('this node image enforces policies where a rule of ours cannot switch them off');
          expect(capabilities.network).toMatchObject({ enforcement: 'absent' });
          expect(capabilities.network.evidence).toMatch(/still reached: .*another pod/);
          const required = await endIn('required', capabilities);
          expect(required).toEqual({ phase: 'isolationUnavailable', pods: false });
          expect(await endIn('best-effort', capabilities)).toEqual({ phase: 'finished', pods: true });
        } finally {
          await accept('-D');
        }
      },
    );

    /** One job of an engine that was told these capabilities, with the gate that such a cluster gets: none. */
    async function endIn(isolation: 'required' | 'best-effort', capabilities: ClusterCapabilities): Promise<object> {
      const measured = Object.entries(capabilities).map(([name, { enforcement }]) => [name, enforcement] as const);
      await using lab = await startEngineOnKind(cluster, {
        isolation,
        capabilities: Object.fromEntries(measured),
        gate: { mode: 'none' },
      });
      const jobId = await lab.submit({ algorithm: { did: 'did:op:algo', image: 'node:24', entrypoint: 'echo ran' } });
      const { status } = await lab.ended(jobId);
      return { phase: status?.phase, pods: status?.computePod !== undefined };
    }
  },
);
