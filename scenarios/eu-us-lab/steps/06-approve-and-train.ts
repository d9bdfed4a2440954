import type { Checks, ComputeOrder, PublishedAsset } from '../../../harness/index.ts';
import type { PublishedAlgorithm } from '../algorithms.ts';
import { endedAs, startAndFollow, stateOf } from '../jobs.ts';
import type { TheCase } from '../the-case.ts';

export interface TrainedModel {
  /** The recordings with the classifier on their list. */
  readonly dataset: PublishedAsset;
  readonly order: ComputeOrder;
}

/** What the algorithm says of its model. */
interface Metrics {
  readonly accuracy: number;
  readonly baseline: number;
  readonly n: number;
  readonly trainingTrials: number;
  readonly classes: readonly string[];
  /** Rows: true class, columns: predicted class. */
  readonly confusionMatrix: readonly (readonly number[])[];
}

/** The EU lab reads the code and approves it; the very request that was refused is accepted now, and the model is as good as promised. */
export async function approveAndTrain(
  check: Checks,
  lab: TheCase,
  dataset: PublishedAsset,
  classifier: PublishedAlgorithm,
): Promise<TrainedModel> {
  const { euLab, usLab } = lab.actors;
  const approved = check.accepted('the EU lab approves', await euLab.approveAlgorithm(dataset, classifier.asset));
  const request = { dataset: approved, algorithm: classifier.asset };
  check.accepted('the same request is quoted now', await usLab.initializeCompute(request));
  check.accepted('a datatoken is bought', await usLab.buyDatatoken(approved));
  const order = check.accepted('and ordered', await usLab.orderCompute(request));
  const { job } = await startAndFollow(check, lab, 'training', { actor: usLab, order });
  check.equal('the training finishes', stateOf(job), endedAs('finished'));

  const results = check.accepted('the model downloads', await usLab.downloadResults(job.jobId));
  check.that('there is a model', results.has('model.json'), [...results.keys()]);
  judgeQuality(check, lab, JSON.parse(results.get('metrics.json')?.text ?? '{}') as Metrics);
  return { dataset: approved, order };
}

function judgeQuality(check: Checks, { recordings }: TheCase, metrics: Metrics): void {
  const { accuracy, baseline, n, classes, confusionMatrix } = metrics;
  const { promise, source } = recordings;
  check.figure('recordings', source);
  check.figure('trials', { training: metrics.trainingTrials, heldOut: n });
  check.figure('accuracy on held-out trials', accuracy);
  check.figure('confusion matrix (true class: predicted)', matrixByClass(classes, confusionMatrix));
  check.figure('larger class', baseline);
  check.figure('best of the competition', promise.competitionBest ?? 'these recordings were in no competition');
  if (promise.atLeast === undefined) {
    check.that('the model beats the larger class', accuracy > promise.baseline, { accuracy, ...promise });
  } else {
    check.that('the model is as good as promised', accuracy >= promise.atLeast, { accuracy, ...promise });
  }
  check.that('its baseline is the larger class', Math.abs(baseline - promise.baseline) < 1e-9, {
    baseline,
    promised: promise.baseline,
  });
  const [right, all] = sums(confusionMatrix);
  check.that('its confusion matrix adds up', all === n && Math.abs(right / all - accuracy) < 1e-9, confusionMatrix);
}

function matrixByClass(classes: readonly string[], matrix: Metrics['confusionMatrix']): Record<string, unknown> {
  const rowOf = (row: readonly number[]): Record<string, unknown> =>
    Object.fromEntries(classes.map((name, i) => [name, row[i]]));
  return Object.fromEntries(matrix.map((row, i) => [classes[i] ?? String(i), rowOf(row)]));
}

function sums(matrix: Metrics['confusionMatrix']): [onDiagonal: number, all: number] {
  const onDiagonal = matrix.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  return [onDiagonal, matrix.flat().reduce((a, b) => a + b, 0)];
}
