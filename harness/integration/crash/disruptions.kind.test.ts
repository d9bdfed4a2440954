import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNet } from '../../../core/net.ts';
import { objectNames } from '../../../engine/api/names.ts';
import type { Stage } from '../../../engine/api/names.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { createKubeClient } from '../../../engine/kubernetes/client.ts';
import { PODS } from '../../../engine/kubernetes/objects.ts';
import type { KubeObject } from '../../../engine/kubernetes/objects.ts';
import { labConfigOnKind, whyNoKind } from '../../cluster/kind/testing/lab-kind.ts';
import { NAMESPACE } from '../../cluster/namespace.ts';
import type { CrashLab, Mode } from './crash-lab.ts';
import { DATA, startCrashLab } from './crash-lab.ts';
import type { Verdict } from './lane.ts';
import { Lane } from './lane.ts';

const TEST_MS = 300_000;
const PATIENCE_MS = 150_000;

type Ending = Omit<Verdict, 'runs'>;

const GOOD: Ending = {
  status: 70,
  results: { 'algorithm.log': '', 'result.txt': `copy of ${DATA}`, 'runs.txt': 'ran\n' },
  computePods: 1,
  left: [],
};
/** It never ran again: the paid run is given back. */
const INTERRUPTED: Ending = { status: 46, results: {}, computePods: 1, left: [] };

const reason = whyNoKind();
describe.skipIf(reason !== undefined)(
  `pods that somebody takes away${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    let lab: CrashLab;
    let lane: Lane;
    let admin: KubeClient;
    const net = createNet();
    beforeAll(async () => {
      lab = await startCrashLab({ retentionSeconds: 0, ...labConfigOnKind() }, { patienceMs: PATIENCE_MS });
      lane = await Lane.open(lab, lab.testbed.actors.usLab);
      admin = await createKubeClient({ kubeconfigPath: lab.testbed.endpoints.kubeconfig, net });
    }, TEST_MS);
    afterAll(async () => {
      await net.close();
      await lab?.stop();
    }, TEST_MS);

    const ref = (jobId: string, stage: Stage): { name: string; namespace: string } => ({
      name: objectNames.pod(jobId, stage),
      namespace: NAMESPACE,
    });
    const ways: Readonly<Record<string, (jobId: string, stage: Stage) => Promise<unknown>>> = {
      deleted: (jobId, stage) => admin.delete(PODS, ref(jobId, stage)),
      'deleted by force': (jobId, stage) => admin.delete(PODS, ref(jobId, stage), { gracePeriodSeconds: 0 }),
      evicted: (jobId, stage) => evict(jobId, stage),
    };

    function evict(jobId: string, stage: Stage): Promise<unknown> {
      const { name, namespace } = ref(jobId, stage);
      const eviction = { group: '', version: 'v1', resource: `pods/${name}/eviction`, kind: 'Eviction' };
      const body: KubeObject = { apiVersion: 'policy/v1', metadata: { name, namespace } };
      return admin.create(eviction, body);
    }

    const cases: readonly { stage: Stage; phase: RegExp; mode: Mode; end: Ending }[] = [
      { stage: 'configure', phase: /Pending/, mode: 'copy', end: GOOD },
      { stage: 'configure', phase: /Running|Succeeded/, mode: 'copy', end: GOOD },
      { stage: 'compute', phase: /Pending/, mode: 'copy', end: INTERRUPTED },
      { stage: 'compute', phase: /Running/, mode: 'endless', end: INTERRUPTED },
      { stage: 'publish', phase: /Pending/, mode: 'copy', end: GOOD },
      { stage: 'publish', phase: /Running|Succeeded/, mode: 'copy', end: GOOD },
    ];
    const all = cases.flatMap((one) => Object.keys(ways).map((way) => ({ ...one, way })));

    test.each(all)('$stage, $phase, $way', { timeout: TEST_MS }, async ({ stage, phase, mode, end, way }) => {
      const job = lane.start(mode);
      const { jobId } = await job.started;
      await lab.cluster.until(jobId, `${stage} to be ${String(phase)}`, ({ pods, workflow }) => {
        const isThere = phase.test(pods[stage]?.status?.phase ?? '');
        return isThere || workflow?.status?.finishedAt ? true : undefined;
      });
      await ways[way]?.(jobId, stage);
      const { runs: _runs, ...ending } = await job.settled;
      expect(ending).toEqual(end);
    });

    test('of all these only those that ran to their end were paid for', { timeout: TEST_MS }, async () => {
      const { runs: _runs, ...ending } = await lane.start().settled;
      expect(ending).toEqual(GOOD);
      expect(lane.runsNow()).toBe(all.filter(({ end }) => end === GOOD).length + 1);
    });
  },
);
