import type { Actors, HostedFile, LeakDetector, MachineSnapshot, RunningTestbed, Story } from '../../harness/index.ts';
import { createLeakDetector } from '../../harness/index.ts';
import { chainHeight } from './chain-data.ts';
import type { JobLog } from './jobs.ts';
import { openJobLog } from './jobs.ts';
import type { Recordings } from './recordings.ts';
import { prepareRecordings } from './recordings.ts';

/** What all steps of the case share. */
export interface TheCase {
  readonly story: Story;
  readonly testbed: RunningTestbed;
  readonly actors: Actors;
  readonly recordings: Recordings;
  /** The EU lab's files as its web server has them: training trials, held-out trials, participants. */
  readonly files: readonly HostedFile[];
  /** Knows the recordings' canaries and the unguessable parts of the files' URLs. */
  readonly detector: LeakDetector;
  /** Every job of the case, for the ledger at the end. */
  readonly jobs: JobLog;
  /** How everything was before the first step. */
  readonly before: Inventory;
}

/** What exists at one moment: on this machine, in the cluster, in the buckets, on the chain. */
export interface Inventory {
  readonly machine: MachineSnapshot;
  readonly cluster: Readonly<Record<string, readonly string[]>>;
  readonly buckets: readonly string[];
  readonly chainHeight: number;
}

export async function openCase(story: Story): Promise<TheCase> {
  const { testbed, actors } = story;
  const [recordings, before] = await Promise.all([prepareRecordings(story), takeInventory(testbed)]);
  const files = recordings.files.map(({ name, content }) => testbed.servers.euLab.publish(name, content));
  const detector = createLeakDetector([...recordings.canaries, ...urlCanaries(testbed)]);
  return { story, testbed, actors, recordings, files, detector, jobs: openJobLog(), before };
}

export async function takeInventory(testbed: RunningTestbed): Promise<Inventory> {
  const { observe, endpoints } = testbed;
  const [machine, cluster, buckets, height] = await Promise.all([
    observe.machine(),
    observe.clusterObjects(),
    observe.buckets(),
    chainHeight(endpoints.rpcUrl),
  ]);
  return { machine, cluster, buckets, chainHeight: height };
}

function urlCanaries({ servers }: RunningTestbed): { name: string; text: string }[] {
  return servers.euLab.secrets().map((text, index) => ({ name: `URL of the EU lab's file ${index}`, text }));
}
