import type { PublishedAsset, TrustEntry } from '../../../harness/index.ts';
import type { PublishedAlgorithm } from '../algorithms.ts';
import { publishAlgorithm } from '../algorithms.ts';
import { must } from '../must.ts';
import type { TheCase } from '../the-case.ts';
import { allowingToo } from '../trust.ts';

/** What the EU lab approves by mistake. */
export interface HostileAlgorithms {
  /** Tries to get out, to look around, to change things, to become root. */
  readonly hostile: PublishedAlgorithm;
  /** Uses up one resource, or plays tricks with its outputs. */
  readonly abuse: PublishedAlgorithm;
  /** Copies rows into its outputs and its log. */
  readonly leaky: PublishedAlgorithm;
}

/**
 * The container's own shell takes checksums of what the algorithm must not change, before and after: the hostile program
 * cannot make them lie without changing the very thing that they show.
 */
const WITNESSED = [
  'sums() { find $INPUTS $VOLUME/ddos $VOLUME/transformations -type f | sort | xargs sha256sum; }',
  'sums >$OUTPUTS/before.sha256',
  'node $ALGO',
  'sums >$OUTPUTS/after.sha256',
].join('; ');

export async function publishHostile({ actors, testbed }: TheCase): Promise<HostileAlgorithms> {
  const by = { actor: actors.usLab, server: testbed.servers.usLab, images: testbed.images };
  const [abuse, hostile, leaky] = await Promise.all([
    publishAlgorithm('abuse', by).then((answer) => must('publishing abuse', answer)),
    publishAlgorithm('hostile', by, { entrypoint: WITNESSED }).then((answer) => must('publishing hostile', answer)),
    publishAlgorithm('leaky', by).then((answer) => must('publishing leaky', answer)),
  ]);
  return { hostile, abuse, leaky };
}

/** The recordings, with these three on their list. */
export async function approveByMistake(
  { actors: { euLab } }: TheCase,
  dataset: PublishedAsset,
  { abuse, hostile, leaky }: HostileAlgorithms,
): Promise<PublishedAsset> {
  const entries = await Promise.all(
    [abuse, hostile, leaky].map(async ({ asset }): Promise<TrustEntry> => {
      return must('checksums of a hostile algorithm', await euLab.trustEntryOf(asset));
    }),
  );
  const approved = await euLab.updateMetadata(dataset, (ddo) => allowingToo(ddo, entries));
  return must('approving by mistake', approved);
}
