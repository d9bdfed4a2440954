import type { LeakCanary, PublishedAsset } from '../../../harness/index.ts';
import { tokensInCluster } from '../leaks.ts';
import type { TheCase } from '../the-case.ts';
import { approveByMistake } from './algorithms.ts';
import { experimentsOf } from './attack.ts';
import type { Experiment, Outcome } from './experiments.ts';
import { payAndRun } from './run-experiments.ts';
import type { Witnesses } from './witnesses.ts';
import { callWitnesses } from './witnesses.ts';

/** Hostile jobs under way. The honest steps go on beside them, on the same machine: that is what isolation is for. */
export interface Attack {
  /** The recordings with the mistaken approvals on their list. */
  readonly approved: Promise<PublishedAsset>;
  /** Every job that could be started has ended. Rejects with what could not be published, paid or started. */
  readonly over: Promise<EndedAttack>;
  /** Sends the witnesses home, whatever became of the attack. */
  dismiss(): Promise<void>;
}

export interface EndedAttack {
  readonly witnesses: Witnesses;
  readonly experiments: readonly Experiment[];
  /** By the experiment's name; those whose capabilities are missing here never ran. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** Tokens and capabilities that lay in the cluster while the jobs ran. */
  readonly tokens: readonly LeakCanary[];
}

/** The US lab publishes its hostile algorithms, the EU lab approves them by mistake, and they begin. */
export function launchAttack(lab: TheCase, dataset: PublishedAsset): Attack {
  const witnesses = callWitnesses(lab.story);
  const algorithms = approveByMistake(lab, dataset);
  const over = Promise.all([witnesses, algorithms]).then(async ([called, published]): Promise<EndedAttack> => {
    const experiments = experimentsOf(published, called, lab.testbed);
    const collected: Promise<LeakCanary[]>[] = [];
    const onChange = (): void => {
      const tokens = tokensInCluster(lab.testbed);
      tokens.catch(() => undefined); // awaited below
      collected.push(tokens);
    };
    const outcomes = await payAndRun(lab, published.dataset, experiments, onChange);
    return { witnesses: called, experiments, outcomes, tokens: distinct((await Promise.all(collected)).flat()) };
  });
  const approved = algorithms.then((published) => published.dataset);
  for (const promise of [approved, over]) promise.catch(() => undefined); // told to whoever awaits them
  let dismissed: Promise<void> | undefined;
  const dismiss = (): Promise<void> =>
    (dismissed ??= over.catch(() => undefined).then(async () => (await witnesses).dismiss()));
  return { approved, over, dismiss };
}

function distinct(canaries: readonly LeakCanary[]): LeakCanary[] {
  const texts = new Set(canaries.map(({ text }) => text));
  return [...texts].map((text, i) => ({ name: `token ${i + 1}`, text }));
}
