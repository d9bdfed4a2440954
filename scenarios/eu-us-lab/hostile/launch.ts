import type { LeakCanary, PublishedAsset } from '../../../harness/index.ts';
import { tokensInCluster } from '../leaks.ts';
import type { TheCase } from '../the-case.ts';
import type { HostileAlgorithms } from './algorithms.ts';
import { approveByMistake, publishHostile } from './algorithms.ts';
import { experimentsOf } from './attack.ts';
import type { Experiment, Outcome } from './experiments.ts';
import { payAndRun } from './run-experiments.ts';
import type { Witnesses } from './witnesses.ts';
import { callWitnesses } from './witnesses.ts';

/** What is made ready while the first steps go on. */
export interface Plot {
  readonly algorithms: Promise<HostileAlgorithms>;
  readonly witnesses: Promise<Witnesses>;
  /** The EU lab puts them on the list of the recordings, which are given back so. Rejects with what could not be published or approved. */
  approve(dataset: PublishedAsset): Promise<PublishedAsset>;
}

/** Hostile jobs under way. The honest steps go on beside them, on the same machine: that is what isolation is for. */
export interface Attack {
  /** The recordings with the mistaken approvals on their list. */
  readonly approved: Promise<PublishedAsset>;
  /** Every job that could be started has ended. Rejects with what could not be published, paid or started. */
  readonly over: Promise<EndedAttack>;
}

export interface EndedAttack {
  readonly witnesses: Witnesses;
  readonly experiments: readonly Experiment[];
  /** By the experiment's name; those whose capabilities are missing here never ran. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** Tokens and capabilities that lay in the cluster while the jobs ran. */
  readonly tokens: readonly LeakCanary[];
}

/** The US lab publishes its hostile algorithms, and witnesses take their places. */
export function plotAttack(lab: TheCase): Plot {
  const algorithms = publishHostile(lab);
  const witnesses = callWitnesses(lab.story);
  for (const promise of [algorithms, witnesses]) promise.catch(() => undefined); // told to whoever awaits them
  return {
    algorithms,
    witnesses,
    approve(dataset) {
      const approved = algorithms.then((published) => approveByMistake(lab, dataset, published));
      approved.catch(() => undefined); // told to whoever awaits it
      return approved;
    },
  };
}

/** With the approvals, the US lab pays and they begin. */
export function launchAttack(lab: TheCase, plot: Plot, approved: Promise<PublishedAsset>): Attack {
  const over = Promise.all([plot.witnesses, plot.algorithms, approved]).then(
    async ([witnesses, algorithms, dataset]): Promise<EndedAttack> => {
      const experiments = experimentsOf(algorithms, witnesses, lab.testbed);
      const collected: Promise<LeakCanary[]>[] = [];
      const onChange = (): void => {
        const tokens = tokensInCluster(lab.testbed);
        tokens.catch(() => undefined); // awaited below
        collected.push(tokens);
      };
      const outcomes = await payAndRun(lab, dataset, experiments, onChange);
      return { witnesses, experiments, outcomes, tokens: distinct((await Promise.all(collected)).flat()) };
    },
  );
  over.catch(() => undefined); // told to whoever awaits it
  return { approved, over };
}

/** Sends the witnesses home when the attack is over, whatever became of it. */
export async function dismissWitnesses({ witnesses }: Plot, attack: Attack | undefined): Promise<void> {
  await attack?.over.catch(() => undefined);
  const called = await witnesses.catch(() => undefined);
  await called?.dismiss();
}

function distinct(canaries: readonly LeakCanary[]): LeakCanary[] {
  const texts = new Set(canaries.map(({ text }) => text));
  return [...texts].map((text, i) => ({ name: `token ${i + 1}`, text }));
}
