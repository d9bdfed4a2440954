import { createNet } from '../../core/net.ts';
import type { KubeClient } from '../../engine/kubernetes/client.ts';
import { createKubeClient } from '../../engine/kubernetes/client.ts';
import type { ComputeOrder } from '../../harness/actors/consumer.ts';
import type { Benchmark, BenchmarkContext } from './benchmark.ts';
import type { JobLab } from './job-lab.ts';
import { accepted, withJobLab } from './job-lab.ts';
import type { JobMoments } from './job-moments.ts';
import { watchJobMoments } from './job-moments.ts';
import type { Measurement } from './measurement.ts';
import { Samples } from './measurement.ts';
import { startSandboxFloor } from './sandbox-floor.ts';

/** In the order in which they happen; each gap is named by the moment that ends it. */
const MOMENTS = [
  'start accepted',
  'configure pod created',
  'configure sandbox up',
  'configure node started',
  'configure reported',
  'compute decided',
  'compute pod created',
  'compute sandbox up',
  'compute ended',
  'publish pod created',
  'publish sandbox up',
  'publish node started',
  'publish reported',
  'end recorded',
  'consumer told',
  'results listed',
] as const;

const WHOLE = 'start call to results listed';
/** Jobs before the first that counts: engines compile what they run often. */
const WARM_UP = 3;

export const noOpJob: Benchmark = {
  name: 'no-op-job',
  title: 'one job that does nothing, three sandboxed pods included; gap by gap',
  defaultRuns: 20,
  async run(context) {
    const floor = async (): Promise<Floor> => ({
      name: 'three bare sandboxes with Node',
      ...(await startSandboxFloor()),
    });
    return withJobLab(context.folder, (lab) => measureJobs(context, lab, { floor, wholeMs: 250 }));
  },
};

/** What a job is held against: the same three pods with nothing of ours around them. */
export interface Floor {
  readonly name: string;
  /** One after the other. Milliseconds. */
  threePods(): Promise<number>;
  stop(): Promise<void>;
}

export interface JobComparison {
  /** Called once the testbed runs. `runJob` runs one job more. */
  floor(client: KubeClient, runJob: () => Promise<void>): Promise<Floor>;
  /** Budgets. */
  readonly wholeMs?: number;
  readonly ratio?: number;
}

export async function measureJobs(
  { runs, progress }: BenchmarkContext,
  lab: JobLab,
  { floor: makeFloor, wholeMs, ratio }: JobComparison,
): Promise<readonly Measurement[]> {
  const dataset = await lab.publishDataset('x'.repeat(1024));
  const orders = await lab.orders(dataset, runs + WARM_UP + 1);
  const net = createNet();
  const client = await createKubeClient({ kubeconfigPath: lab.testbed.endpoints.kubeconfig, net });
  const [first, ...rest] = orders;
  if (!first) throw new Error('There is no order.');
  const floor = await makeFloor(client, () => lab.runJob(first));
  const against = `job against ${floor.name}`;
  const moments = await watchJobMoments(lab.testbed, client);
  const [gaps, requests, ratios] = [new Samples(), new Samples(), new Samples()];
  try {
    for (const [i, order] of rest.entries()) {
      const bare = await floor.threePods();
      const whole = await timedJob(lab, order, moments, i < WARM_UP ? new Samples() : gaps);
      if (i < WARM_UP) continue;
      gaps.add(`${floor.name}, one after the other`, bare);
      ratios.add(against, whole / bare);
      for (const [server, count] of moments.requests) requests.add(`requests to ${server}`, count);
      progress(`job ${i + 1 - WARM_UP}: ${whole.toFixed(0)} ms, ${floor.name} ${bare.toFixed(0)} ms`);
    }
  } finally {
    await moments.stop();
    await floor.stop();
    await client.close();
    await net.close();
  }
  return [
    ...gaps.measurements('ms', wholeMs === undefined ? {} : { [WHOLE]: wholeMs }),
    ...ratios.measurements('ratio', ratio === undefined ? {} : { [against]: ratio }),
    ...requests.measurements('requests'),
  ];
}

async function timedJob(lab: JobLab, order: ComputeOrder, moments: JobMoments, gaps: Samples): Promise<number> {
  const { usLab } = lab.testbed.actors;
  moments.clear();
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const { jobId } = accepted(await usLab.startCompute(order));
  moments.note('start accepted');
  const { statusText } = await usLab.follow(jobId, { timeoutMs: 60_000 });
  moments.note('consumer told');
  accepted(await usLab.results(jobId));
  moments.note('results listed');
  if (statusText !== 'Job finished') throw new Error(`A job ended as "${statusText}".`);
  const whole = performance.now() - startedAt;
  const cpu = process.cpuUsage(cpuBefore);
  gaps.add(WHOLE, whole);
  let last = startedAt;
  for (const moment of MOMENTS) {
    const at = moments.at.get(moment) ?? last;
    gaps.add(`… ${moment}`, at - last);
    last = Math.max(last, at);
  }
  gaps.add('processor time of the harness process', (cpu.user + cpu.system) / 1000);
  await settled(lab, jobId);
  return whole;
}

/** The engine still removes pods and volume of an ended job: that is no part of the next one. */
async function settled({ testbed }: JobLab, jobId: string): Promise<void> {
  for (;;) {
    const { pods = [], persistentvolumeclaims = [] } = await testbed.observe.clusterObjects();
    if (![...pods, ...persistentvolumeclaims].some((name) => name.includes(jobId.slice(0, 16)))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
