import type { Checks, PublishedAsset } from '../../../harness/index.ts';
import { containerSectionChecksum, filesChecksum, sha256Hex } from '../../../harness/index.ts';
import type { PublishedAlgorithm } from '../algorithms.ts';
import { publishAlgorithm } from '../algorithms.ts';
import type { TheCase } from '../the-case.ts';
import { allowingOnly, trustedDids } from '../trust.ts';

export interface OpenForComputing {
  /** The recordings, with their list of algorithms. */
  readonly dataset: PublishedAsset;
  readonly cohort: PublishedAlgorithm;
}

/** Aggregates with small cells withheld: the one thing that the EU lab lets be computed. */
export async function approveCohortStatistics(
  check: Checks,
  { actors, testbed }: TheCase,
  recordings: PublishedAsset,
): Promise<OpenForComputing> {
  const { euLab, stranger } = actors;
  const by = { actor: euLab, server: testbed.servers.euLab, images: testbed.images };
  const cohort = check.accepted('the algorithm is published', await publishAlgorithm('cohort-statistics', by));

  const entry = check.accepted('its checksums are told', await euLab.trustEntryOf(cohort.asset));
  const container = cohort.asset.ddo.metadata.algorithm?.container;
  check.equal('filesChecksum is of the file itself', entry.filesChecksum, filesChecksum([sha256Hex(cohort.source)]));
  check.equal(
    'containerSectionChecksum is of entrypoint and image digest',
    entry.containerSectionChecksum,
    container && containerSectionChecksum(container),
  );

  const dataset = await check.twins("a change of the recordings' document", {
    refused: () => stranger.updateMetadata(recordings, (ddo) => allowingOnly(ddo, [entry])),
    because: { code: 'CHAIN_TX_REFUSED' },
    accepted: () => euLab.updateMetadata(recordings, (ddo) => allowingOnly(ddo, [entry])),
  });
  const resolved = check.accepted('the new document resolves', await stranger.resolve(dataset.did));
  check.equal('its list has this one algorithm', trustedDids(resolved), [cohort.asset.did]);
  return { dataset, cohort };
}
