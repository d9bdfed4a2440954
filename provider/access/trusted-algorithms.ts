import { sameAddress } from '../../core/protocol/address.ts';
import type { ComputeOptions, TrustedAlgorithm } from '../../core/protocol/ddo.ts';
import type { AccessDecision } from '../refusal.ts';
import { ALLOWED, denied } from '../refusal.ts';

/** A published algorithm as a dataset's lists see it. */
export interface AlgorithmIdentity {
  readonly did: string;
  readonly serviceId: string;
  /** Owner of its data NFT, from the chain. */
  readonly owner: string;
  /** `filesChecksum` of its files as they are now. */
  readonly filesChecksum: string;
  readonly containerSectionChecksum: string;
}

type Lists = Pick<ComputeOptions, 'publisherTrustedAlgorithmPublishers' | 'publisherTrustedAlgorithms'>;

/**
 * Whether a dataset's compute service takes a published algorithm. Both lists empty or absent: every algorithm, as in
 * Ocean v4. Both filled: the algorithm must pass both. `*` stands for any.
 */
export function checkTrustedAlgorithm(lists: Lists, algorithm: AlgorithmIdentity, field: string): AccessDecision {
  const publishers = checkPublishers(lists.publisherTrustedAlgorithmPublishers ?? [], algorithm, field);
  return publishers.allowed ? checkAlgorithms(lists.publisherTrustedAlgorithms ?? [], algorithm, field) : publishers;
}

/** The owner is read from the chain and compared whatever the spelling (T6). */
function checkPublishers(publishers: readonly string[], { owner }: AlgorithmIdentity, field: string): AccessDecision {
  if (publishers.length === 0 || publishers.some((listed) => listed === '*' || sameAddress(listed, owner)))
    return ALLOWED;
  return denied({
    code: 'ALGORITHM_PUBLISHER_NOT_TRUSTED',
    field,
    rule: 'trust.publisher',
    message: `The algorithm's owner ${owner} is not one of the dataset's trusted publishers.`,
    classic: 'not_trusted_algo_publisher',
  });
}

function checkAlgorithms(
  listed: readonly TrustedAlgorithm[] | '*',
  algorithm: AlgorithmIdentity,
  field: string,
): AccessDecision {
  if (listed === '*' || listed.length === 0) return ALLOWED;
  if (listed.some((entry) => entry.did === '')) {
    return denied({
      code: 'TRUST_LIST_INVALID',
      field,
      rule: 'trust.list',
      message: 'An entry of publisherTrustedAlgorithms has no DID.',
      classic: 'no_publisherTrustedAlgorithms',
    });
  }
  const entries = listed.filter(
    (entry) => entry.did === '*' || (entry.did === algorithm.did && isForService(entry, algorithm.serviceId)),
  );
  if (entries.length === 0) {
    return denied({
      code: 'ALGORITHM_NOT_TRUSTED',
      field,
      rule: 'trust.did',
      message: `The algorithm ${algorithm.did} is not one of the dataset's trusted algorithms.`,
      classic: 'not_trusted_algo',
    });
  }
  // Several entries of one algorithm are several approved versions: one that matches is enough.
  const decisions = entries.map((entry) => checkVersion(entry, algorithm, field));
  return decisions.find(({ allowed }) => allowed) ?? decisions[0] ?? ALLOWED;
}

function isForService(entry: TrustedAlgorithm, serviceId: string): boolean {
  return entry.serviceId === undefined || entry.serviceId === serviceId;
}

/** An empty checksum approves every version, as in Ocean v4. */
function checkVersion(entry: TrustedAlgorithm, algorithm: AlgorithmIdentity, field: string): AccessDecision {
  if (
    entry.filesChecksum !== '' &&
    entry.filesChecksum !== '*' &&
    entry.filesChecksum.toLowerCase() !== algorithm.filesChecksum
  ) {
    return denied({
      code: 'ALGORITHM_FILES_CHANGED',
      field,
      rule: 'trust.filesChecksum',
      message: "The algorithm's files are not the ones that were approved.",
      classic: 'algorithm_file_checksum_mismatch',
    });
  }
  const { containerSectionChecksum: approved } = entry;
  if (approved !== '' && approved !== '*' && approved.toLowerCase() !== algorithm.containerSectionChecksum) {
    return denied({
      code: 'ALGORITHM_CONTAINER_CHANGED',
      field,
      rule: 'trust.containerSectionChecksum',
      message: "The algorithm's entrypoint or image is not the one that was approved.",
      classic: 'algorithm_container_checksum_mismatch',
    });
  }
  return ALLOWED;
}

/** Raw code runs only where the dataset says exactly `true`; the classic Provider took everything but `false` (T5). */
export function checkRawAlgorithm(compute: { readonly allowRawAlgorithm?: unknown }, field: string): AccessDecision {
  if (compute.allowRawAlgorithm === true) return ALLOWED;
  return denied({
    code: 'RAW_ALGORITHM_NOT_ALLOWED',
    field,
    rule: 'trust.raw',
    message: 'The dataset does not allow raw code.',
    classic: 'no_raw_algo_allowed',
  });
}
