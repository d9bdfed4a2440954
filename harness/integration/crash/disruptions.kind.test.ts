import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNet } from '../../../core/net.ts';
import { objectNames } from '../../../engine/api/names.ts';
import type { Stage } from '../../../engine/api/names.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { createKubeClient } from '../../../engine/kubernetes/client.ts';
import { PODS } from '../../../engine/kubernetes/objects.ts';
import type { KubeObject } from '../../../engine/kubernetes/objects.ts';
import { labConfigOnKind, whyNoLabOnKind } from '../../cluster/kind/testing/lab-kind.ts';
import { NAMESPACE } from '../../cluster/namespace.ts';
import type { CrashLab, Mode } from './crash-lab.ts';
import { DATA, startCrashLab } from './crash-lab.ts';
import type { Verdict } from './lane.ts';
import { Lane } from './lane.ts';

const TEST_MS = 300_000;
const PATIENCE_MS = 150_000;

type Ending = Omit<Verdict, 'runs'>;

interface Disruption {
  readonly stage: Stage;
  readonly phase: RegExp;
  readonly mode: Mode;
  readonly way: string;
  readonly end: Ending;
}

const GOOD: Ending = {
  status: 70,
  results: { 'algorithm.log': '', 'result.txt': `copy of ${DATA}`, 'runs.txt': 'ran\n' },
  computePods: 1,
  left: [],
};
/** It never ran again: the paid run is given back. */
const INTERRUPTED: Ending = { status: 46, results: {}, why: expect.anything(), computePods: 1, left: [] };

const reason = await whyNoLabOnKind();
describe.skipIf(reason !== undefined)(
  `pods that somebody takes away${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    let lab: CrashLab;
    let lanes: readonly Lane[];
    let admin: KubeClient;
    /** All are under way at once, as many as there are lanes: in a cluster that takes a second to notice anything, jobs can wait beside each other. */
    let endings: ReadonlyMap<Disruption, Promise<Ending>>;
    const net = createNet();
    beforeAll(async () => {
      lab = await startCrashLab({ retentionSeconds: 0, ...labConfigOnKind() }, { patienceMs: PATIENCE_MS });
      const { euLab, usLab, stranger } = lab.testbed.actors;
      lanes = await Promise.all([usLab, stranger, euLab].map((actor) => Lane.open(lab, actor)));
      admin = await createKubeClient({ kubeconfigPath: lab.testbed.endpoints.kubeconfig, net });
      endings = disruptAll();
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

    const cases: readonly Omit<Disruption, 'way'>[] = [
      { stage: 'configure', phase: /Pending/, mode: 'copy', end: GOOD },
      { stage: 'configure', phase: /Running|Succeeded/, mode: 'copy', end: GOOD },
      { stage: 'compute', phase: /Pending/, mode: 'copy', end: INTERRUPTED },
      { stage: 'compute', phase: /Running/, mode: 'endless', end: INTERRUPTED },
      { stage: 'publish', phase: /Pending/, mode: 'copy', end: GOOD },
      { stage: 'publish', phase: /Running|Succeeded/, mode: 'copy', end: GOOD },
    ];
    const all: readonly Disruption[] = cases.flatMap((one) => Object.keys(ways).map((way) => ({ ...one, way })));

    /** A lane has one job at a time, and takes the next when that has settled. */
    function disruptAll(): Map<Disruption, Promise<Ending>> {
      const turns: Promise<unknown>[] = lanes.map(() => Promise.resolve());
      const begun = new Map<Disruption, Promise<Ending>>();
      for (const [index, disruption] of all.entries()) {
        const at = index % lanes.length;
        const lane = lanes[at];
        if (!lane) throw new Error('There is no lane.');
        const ending = (turns[at] ?? Promise.resolve()).then(() => endingOf(lane, disruption));
        turns[at] = ending.catch(() => undefined);
        begun.set(disruption, ending);
      }
      return begun;
    }

    async function endingOf(lane: Lane, { stage, phase, mode, way }: Disruption): Promise<Ending> {
      const job = lane.start(mode);
      const { jobId } = await job.started;
      await lab.cluster.until(jobId, `${stage} to be ${String(phase)}`, ({ pods, workflow }) => {
        const isThere = phase.test(pods[stage]?.status?.phase ?? '');
        return isThere || workflow?.status?.finishedAt ? true : undefined;
      });
      await ways[way]?.(jobId, stage);
      const { runs: _runs, ...ending } = await job.settled;
      return ending;
    }

    test.each(all)('$stage, $phase, $way', { timeout: TEST_MS }, async (disruption) => {
      expect(await endings.get(disruption)).toEqual(disruption.end);
    });

    test('of all these only those that ran to their end were paid for', { timeout: TEST_MS }, async () => {
      // A run is given back at the next start at the latest.
      for (const { runs: _runs, ...ending } of await Promise.all(lanes.map((lane) => lane.start().settled)))
        expect(ending).toEqual(GOOD);
      const paid = lanes.reduce((sum, lane) => sum + lane.runsNow(), 0);
      expect(paid).toBe(all.filter(({ end }) => end === GOOD).length + lanes.length);
    });
  },
);
