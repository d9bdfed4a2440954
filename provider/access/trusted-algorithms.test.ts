import { describe, expect, test } from 'vitest';
import { OWNER, STRANGER } from '../testing/assets.ts';
import { isNetworkAllowed } from './network.ts';
import type { AlgorithmIdentity } from './trusted-algorithms.ts';
import { checkRawAlgorithm, checkTrustedAlgorithm } from './trusted-algorithms.ts';

const algorithm: AlgorithmIdentity = {
  did: 'did:op:a1',
  serviceId: 'a',
  owner: OWNER,
  filesChecksum: 'aa'.repeat(32),
  containerSectionChecksum: 'cc'.repeat(32),
};
const entry = {
  did: algorithm.did,
  filesChecksum: algorithm.filesChecksum,
  containerSectionChecksum: algorithm.containerSectionChecksum,
};

const check = (lists: Parameters<typeof checkTrustedAlgorithm>[0]) =>
  checkTrustedAlgorithm(lists, algorithm, 'dataset');

describe('trusted algorithms', () => {
  test.each([
    ['both lists absent', {}, undefined],
    ['both lists empty', { publisherTrustedAlgorithms: [], publisherTrustedAlgorithmPublishers: [] }, undefined],
    ['listed', { publisherTrustedAlgorithms: [entry] }, undefined],
    [
      'not listed',
      { publisherTrustedAlgorithms: [{ ...entry, did: 'did:op:other' }] },
      ['ALGORITHM_NOT_TRUSTED', 'not_trusted_algo'],
    ],
    [
      'listed with checksums in capitals',
      { publisherTrustedAlgorithms: [{ ...entry, filesChecksum: 'AA'.repeat(32) }] },
      undefined,
    ],
    [
      'files changed',
      { publisherTrustedAlgorithms: [{ ...entry, filesChecksum: 'ab'.repeat(32) }] },
      ['ALGORITHM_FILES_CHANGED', 'algorithm_file_checksum_mismatch'],
    ],
    [
      'container changed',
      { publisherTrustedAlgorithms: [{ ...entry, containerSectionChecksum: 'cd'.repeat(32) }] },
      ['ALGORITHM_CONTAINER_CHANGED', 'algorithm_container_checksum_mismatch'],
    ],
    [
      'any version',
      { publisherTrustedAlgorithms: [{ ...entry, filesChecksum: '', containerSectionChecksum: '' }] },
      undefined,
    ],
    [
      'two versions, one of them this',
      { publisherTrustedAlgorithms: [{ ...entry, filesChecksum: 'ab'.repeat(32) }, entry] },
      undefined,
    ],
    [
      'an entry without DID',
      { publisherTrustedAlgorithms: [{ ...entry, did: '' }] },
      ['TRUST_LIST_INVALID', 'no_publisherTrustedAlgorithms'],
    ],
    ['listed for this service', { publisherTrustedAlgorithms: [{ ...entry, serviceId: 'a' }] }, undefined],
    [
      'listed for another service',
      { publisherTrustedAlgorithms: [{ ...entry, serviceId: 'b' }] },
      ['ALGORITHM_NOT_TRUSTED', 'not_trusted_algo'],
    ],
    ['publisher listed', { publisherTrustedAlgorithmPublishers: [OWNER] }, undefined],
    [
      'publisher not listed',
      { publisherTrustedAlgorithmPublishers: [STRANGER] },
      ['ALGORITHM_PUBLISHER_NOT_TRUSTED', 'not_trusted_algo_publisher'],
    ],
    [
      'publisher listed, algorithm not',
      { publisherTrustedAlgorithmPublishers: [OWNER], publisherTrustedAlgorithms: [{ ...entry, did: 'x' }] },
      ['ALGORITHM_NOT_TRUSTED', 'not_trusted_algo'],
    ],
    [
      'algorithm listed, publisher not',
      { publisherTrustedAlgorithmPublishers: [STRANGER], publisherTrustedAlgorithms: [entry] },
      ['ALGORITHM_PUBLISHER_NOT_TRUSTED', 'not_trusted_algo_publisher'],
    ],
  ])('%s', (_name, lists, expected) => {
    const decision = check(lists);
    expect(decision).toMatchObject(
      expected ? { allowed: false, code: expected[0], classic: expected[1], field: 'dataset' } : { allowed: true },
    );
  });

  test('T6: publishers are compared whatever the spelling, and * stands for any', () => {
    expect(check({ publisherTrustedAlgorithmPublishers: [OWNER.toLowerCase()] })).toEqual({ allowed: true });
    expect(check({ publisherTrustedAlgorithmPublishers: ['*'] })).toEqual({ allowed: true });
    expect(check({ publisherTrustedAlgorithms: '*' })).toEqual({ allowed: true });
  });
});

describe('raw code', () => {
  test.each([
    [true, true],
    [false, false],
    [undefined, false],
    [null, false],
    ['true', false],
    [1, false],
  ])('T5: allowRawAlgorithm %s allows it: %s', (allowRawAlgorithm, allowed) => {
    const decision = checkRawAlgorithm({ allowRawAlgorithm }, 'dataset');
    expect(decision).toMatchObject(
      allowed ? { allowed } : { allowed, code: 'RAW_ALGORITHM_NOT_ALLOWED', rule: 'trust.raw' },
    );
  });
});

describe('network access', () => {
  const on = { compute: { allowRawAlgorithm: false, allowNetworkAccess: true } };
  const off = { compute: { allowRawAlgorithm: false, allowNetworkAccess: false } };
  test.each([
    ['T2: the only dataset allows it', [on], true],
    ['T2: the only dataset forbids it', [off], false],
    ['T2: one of two forbids it', [on, off], false],
    ['a dataset without a compute service says nothing', [on, {}], false],
    ['no dataset', [], false],
  ])('%s', (_name, services, allowed) => {
    expect(isNetworkAllowed(services)).toBe(allowed);
  });
});
