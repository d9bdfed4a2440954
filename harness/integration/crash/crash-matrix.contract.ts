import assert from 'node:assert';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededEntropy } from '../../../core/entropy.ts';
import { messageOf } from '../../../core/errors.ts';
import type { TestbedConfig } from '../../config/testbed-config.ts';
import type { Component } from '../../running-testbed.ts';
import type { CrashLab, Mode } from './crash-lab.ts';
import { DATA, HAS_WRITTEN, LARGE_BYTES, startCrashLab } from './crash-lab.ts';
import type { KillPoint } from './crashes.ts';
import { nameOf } from './crashes.ts';
import type { PhasedPoint } from './kill-points.ts';
import { killPointsOf, oneOfEachComponent, sampleOf } from './kill-points.ts';
import type { Verdict } from './lane.ts';
import { Lane } from './lane.ts';

/**
 * `CRASH_MATRIX=full vitest run harness/integration/crash` kills at every write; otherwise a sample of them is drawn from
 * the seed that `CRASH_MATRIX_SEED` names: of every component in every phase that it writes in, one, and a job has at most
 * one of each component.
 */
const { CRASH_MATRIX: extent = 'sample', CRASH_MATRIX_SEED: seed = 'one of each' } = process.env;

export interface CrashBackend {
  readonly config?: TestbedConfig;
  /** For one test. */
  readonly timeoutMs: number;
  /** Seconds of an order that is to run out: enough to start on a busy machine; it runs out while other tests run. */
  readonly paidSeconds: number;
  /** For one job, or for one step of it. */
  readonly patienceMs: number;
  /** How long an algorithm takes: an engine or kubelet that comes too late to see it run leaves out writes that are kill points. */
  readonly algorithmMs?: number;
}

const endOf = (status: number, mode: Mode): Verdict => ({
  status,
  results: { 'algorithm.log': '', 'result.txt': `${mode} of ${DATA}`, 'runs.txt': 'ran\n' },
  computePods: 1,
  runs: 1,
  left: [],
});
const GOOD = endOf(70, 'copy');

let lab: CrashLab;
let lanes: Lane[];
let points: PhasedPoint[];
let overdue: Promise<Verdict>;

/** Registers the tests; once per file. */
export function describeCrashMatrix(on: CrashBackend): void {
  beforeAll(async () => {
    // Every job passes the last of its states, too: gone from the cluster, known by its record.
    lab = await startCrashLab({ retentionSeconds: 0, ...on.config }, on);
    const { euLab, usLab, stranger } = lab.testbed.actors;
    lanes = await Promise.all([usLab, stranger, euLab].map((actor) => Lane.open(lab, actor)));
    const undisturbed = laneAt(0).start();
    assert.deepStrictEqual(await undisturbed.settled, GOOD);
    points = killPointsOf(undisturbed.watched.writes);
    // Ordered while nobody dies yet: only starts are sent again.
    overdue = outOfTime(await Lane.open(lab, lab.testbed.actors.stranger, on.paidSeconds));
    overdue.catch(() => undefined);
  }, on.timeoutMs);
  afterAll(() => lab?.stop(), on.timeoutMs);

  const pairs: readonly [RegExp, RegExp][] = [
    [/POST compute/, /POST secrets .*inputs/],
    [/outputs\/result/, /publishingResults/],
    [/record\.json/, /cleanedAt/],
    [/POST pods .*compute/, /PATCH workflows\/status configure$/],
    [/POST compute/, /POST configmaps/],
    [/POST compute/, /POST workflows/],
    [/PATCH workflows\/status publish$/, /finishedAt/],
  ];

  test(
    'killed at any write and started again, every component brings a job to the same end; so do several of them',
    { timeout: on.timeoutMs },
    async () => {
      const drawn = extent === 'full' ? points : sampleOf(points, seededEntropy(seed));
      expect(new Set(drawn.map(({ component }) => component)).size).toBe(4);
      const apart = extent === 'full' ? drawn.map((point) => [point]) : oneOfEachComponent(drawn);
      const double = firstOf(pairs).map((labels) => labels.map(pointOf));
      // The Provider comes back while the start has its claim and no job: it must not think that nothing will ever come of it.
      const sentAgain = [
        pointOf(/POST configmaps claim/),
        { ...pointOf(/POST compute/), nth: 2, moment: 'before' as const },
      ];
      const chosen: readonly (readonly KillPoint[])[] = [sentAgain, ...double, ...apart];
      const outcomes = await inLanes(chosen, async (lane, kills) => {
        const job = lane.start('copy', kills);
        const kill = kills.map(nameOf).join(' and ');
        try {
          const verdict = await job.settled;
          const { reached } = job.watched;
          return { kill, missed: kills.filter((point) => mustCome(point) && !reached.includes(point)), ...verdict };
        } catch (error) {
          return { kill, problem: messageOf(error) };
        }
      });
      const expected = chosen.map((kills) => ({ kill: kills.map(nameOf).join(' and '), missed: [], ...GOOD }));
      expect(inOrder(outcomes)).toEqual(inOrder(expected));
    },
  );

  test('a component that is away while a pod ends', { timeout: on.timeoutMs }, async () => {
    const away: readonly { component: Component; stage: string }[] = [
      { component: 'engine', stage: 'compute' },
      { component: 'operator-service', stage: 'compute' },
      { component: 'provider', stage: 'publish' },
      { component: 'broker', stage: 'compute' },
      { component: 'engine', stage: 'configure' },
      { component: 'engine', stage: 'publish' },
      { component: 'operator-service', stage: 'configure' },
      { component: 'operator-service', stage: 'publish' },
      { component: 'provider', stage: 'compute' },
    ];
    // In turns, where it is the same component: one job's restart must not bring back what another's needs away.
    const turns = [...Map.groupBy(firstOf(away), ({ component }) => component).values()];
    const outcomes = await inLanes(turns, async (lane, cases) => {
      const verdicts: unknown[] = [];
      for (const { component, stage } of cases) {
        const job = lane.start();
        // Not the id that it began with: a start whose answer another's absence cut off is signed anew.
        const { jobId } = await job.started;
        await podIn(jobId, stage, /Running|Succeeded/);
        const comeBack = await lab.crashes.leave(component);
        try {
          await podIn(jobId, stage, /Succeeded/);
        } finally {
          await comeBack();
        }
        verdicts.push(await job.settled);
      }
      return verdicts;
    });
    expect(outcomes.flat()).toEqual(firstOf(away).map(() => GOOD));
  });

  test('everybody killed at once, while the algorithm runs', { timeout: on.timeoutMs }, async () => {
    const job = laneAt(0).start();
    await podIn(job.jobId, 'compute', /Running|Succeeded/);
    const all: readonly Component[] = ['provider', 'operator-service', 'engine', 'broker'];
    await Promise.all(all.map((component) => lab.testbed.kill(component)));
    await Promise.all(all.map((component) => lab.testbed.restart(component)));
    expect(await job.settled).toEqual(GOOD);
  });

  describe('other ends are the same ends', () => {
    interface Other {
      readonly mode: Mode;
      readonly end: Verdict;
      readonly kills: readonly KillPoint[];
    }
    const afterwards = [
      /PATCH workflows\/status .*conditions,runningAlgorithm/,
      /publishingResults/,
      /PATCH workflows\/status publish$/,
    ];
    /** The engine bounds the pod's time when it runs, and ends it the same way. */
    const stopping: readonly KillPoint[] = [
      { component: 'provider', label: 'PUT compute', nth: 1, moment: 'after' },
      { component: 'operator-service', label: 'PATCH workflows stopRequested', nth: 1, moment: 'after' },
      { component: 'engine', label: 'PATCH pods job-*-compute activeDeadlineSeconds', nth: 2, moment: 'after' },
    ];

    function others(): Other[] {
      const kills = [[], ...afterwards.map((label) => [pointOf(label)])];
      const all = [
        ...stopping.map((kill) => ({ mode: 'endless' as const, end: endOf(45, 'endless'), kills: [kill] })),
        ...kills.map((some) => ({ mode: 'fail' as const, end: endOf(41, 'fail'), kills: some })),
        ...kills.map((some) => ({ mode: 'endless' as const, end: endOf(45, 'endless'), kills: some })),
      ];
      // A stopped pod takes its second to end.
      return extent === 'full' ? all : all.slice(0, -kills.length);
    }

    test(
      'an algorithm that fails, one that is stopped, one that is out of time',
      { timeout: on.timeoutMs },
      async () => {
        const cases = others();
        const outcomes = await inLanes(cases, async (lane, { mode, kills }) => {
          const job = lane.start(mode, kills);
          if (mode === 'endless') {
            const { jobId } = await job.started;
            await podIn(jobId, 'compute', /Running/);
            await isBounded(jobId);
            await lab.cluster.heard(jobId, HAS_WRITTEN);
            await lane.stop(jobId);
          }
          const verdict = await job.settled;
          return { kill: titleOf(mode, kills), reached: job.watched.reached.length, ...verdict };
        });
        const expected = cases.map(({ mode, kills, end }) => ({
          kill: titleOf(mode, kills),
          reached: kills.length,
          ...end,
        }));
        expect(inOrder(outcomes)).toEqual(inOrder(expected));
        expect(await overdue).toEqual(endOf(44, 'endless'));
      },
    );

    const titleOf = (mode: Mode, kills: readonly KillPoint[]): string => [mode, ...kills.map(nameOf)].join(' ');
  });

  describe('a consumer', () => {
    test('that sends its start again and again has one job', { timeout: on.timeoutMs }, async () => {
      const lane = laneAt(0);
      const job = lane.start();
      const { jobId } = await job.started;
      const nonce = lane.nonceOf(jobId);
      const again = await Promise.all([lane.post(nonce), lane.post(nonce)]);
      expect(again.map((answer) => answer.ok && answer.value.jobId)).toEqual([jobId, jobId]);
      expect(await lane.post(lane.nextNonce())).toMatchObject({ refusal: { code: 'ORDER_IN_USE' } });
      expect(await job.settled).toEqual(GOOD);
      expect(await lane.post(nonce)).toMatchObject({ ok: true, value: { jobId, status: 70 } });
      expect(lab.cluster.see(jobId).objects).toEqual([]);
    });

    describe('goes on with a download', () => {
      let url: () => string;
      beforeAll(async () => {
        const lane = laneAt(0);
        const job = lane.start('large');
        const { results } = await job.ended;
        const large = (results || []).findIndex(({ filesize }) => filesize === LARGE_BYTES);
        await job.settled;
        url = () => lane.resultUrl(job.jobId, large);
      }, on.timeoutMs);

      test.each(['provider', 'operator-service'] as const)(
        'where the %s was killed',
        { timeout: on.timeoutMs },
        async (component) => {
          const parts: Uint8Array[] = [];
          const isWhole = await readSome(url(), {}, parts, () => lab.testbed.kill(component));
          expect(isWhole).toBe(false);
          await lab.testbed.restart(component);
          const got = Buffer.concat(parts).length;
          expect(got).toBeGreaterThan(0);
          expect(await readSome(url(), { range: `bytes=${got}-` }, parts)).toBe(true);
          expect(Buffer.concat(parts).equals(Buffer.alloc(LARGE_BYTES, 7))).toBe(true);
        },
      );
    });
  });

  test('after all these deaths no job has left anything on the machine', { timeout: on.timeoutMs }, async () => {
    const { machine, machineDifference } = lab.testbed.observe;
    const { processes, mounts, cgroups, namespaces } = machineDifference(lab.quiet, await machine());
    const added = [processes, mounts, cgroups, namespaces].flatMap((kind) => kind.added);
    expect(added).toEqual([]);
  });

  test('when it has stopped there is nothing of it on the machine at all', { timeout: on.timeoutMs }, async () => {
    expect(lab.remains()).not.toEqual([]);
    await lab.stop();
    expect(lab.remains()).toEqual([]);
  });
}

/** An order that is paid for a few seconds, and an engine that dies when they begin to count. */
function outOfTime(lane: Lane): Promise<Verdict> {
  return lane.start('endless', [pointOf(/PATCH workflows\/status .*conditions,runningAlgorithm/)]).settled;
}

function laneAt(index: number): Lane {
  const lane = lanes[index];
  if (!lane) throw new Error('There is no such lane.');
  return lane;
}

/** A sample takes four. */
function firstOf<T>(cases: readonly T[]): readonly T[] {
  return extent === 'full' ? cases : cases.slice(0, 4);
}

/** Of the undisturbed job's writes, the first of this kind. */
function pointOf(label: RegExp): KillPoint {
  const point = points.find((one) => one.moment === 'after' && label.test(one.label));
  if (!point) throw new Error(`No write is called ${String(label)}.`);
  return point;
}

/** What is cleaned up twice, or told as an event, need not be when another kill comes between. */
function mustCome({ nth, label }: KillPoint): boolean {
  return (nth === 1 && !label.startsWith('POST events')) || label === 'POST compute';
}

async function podIn(jobId: string, stage: string, phase: RegExp): Promise<void> {
  await lab.cluster.until(jobId, `${stage} to be ${String(phase)}`, ({ pods, workflow }) => {
    const pod = pods[stage];
    // A pod that was deleted has ended, also if that was before anybody looked.
    const isSeen = lab.cluster.lastPods(jobId)[stage] !== undefined;
    return phase.test(pod?.status?.phase ?? '') || (isSeen && !pod) || workflow?.status?.finishedAt ? true : undefined;
  });
}

/** An engine that first hears of a running pod together with the wish to stop it writes once where the kill points expect two writes. */
async function isBounded(jobId: string): Promise<void> {
  await lab.cluster.until(jobId, 'the time of compute to be bounded', ({ pods, workflow }) =>
    pods['compute']?.spec.activeDeadlineSeconds !== undefined || workflow?.status?.finishedAt ? true : undefined,
  );
}

/** Lanes take the work as they get free; what one job's kills do to another's is part of the test. */
async function inLanes<T, R>(work: readonly T[], run: (lane: Lane, one: T) => Promise<R>): Promise<R[]> {
  const waiting = work.values();
  const done: R[] = [];
  await Promise.all(
    lanes.map(async (lane) => {
      for (const one of waiting) done.push(await run(lane, one));
    }),
  );
  return done;
}

function inOrder<T extends { kill: string }>(outcomes: readonly T[]): T[] {
  return outcomes.toSorted((a, b) => a.kill.localeCompare(b.kill));
}

/** Adds what comes to `parts`; false when it broke off. */
async function readSome(
  url: string,
  headers: Record<string, string>,
  parts: Uint8Array[],
  afterFirst: () => Promise<void> = async () => undefined,
): Promise<boolean> {
  const response = await fetch(url, { headers });
  try {
    let isFirst = true;
    for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      parts.push(part);
      if (isFirst) await afterFirst();
      isFirst = false;
    }
    return true;
  } catch {
    return false;
  }
}
