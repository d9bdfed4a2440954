import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { checksumAddress } from '../../core/protocol/address.ts';
import { sha256Hex } from '../../core/protocol/hashing.ts';
import { personalDigest, recoverDigestSigner } from '../../core/protocol/signing.ts';
import { fromHex } from '../../core/protocol/hashing.ts';
import type { OceanLab } from '../chain/testing/ocean-lab.ts';
import { labFee, startOceanLab } from '../chain/testing/ocean-lab.ts';
import type { CacheLab } from './testing/cache-lab.ts';
import { startCacheLab } from './testing/cache-lab.ts';
import { xzStored } from './testing/xz.ts';

let lab: OceanLab;
let cache: CacheLab;

beforeAll(async () => {
  lab = await startOceanLab();
  cache = await startCacheLab(lab);
});
afterAll(async () => {
  await cache?.stop();
  await lab?.stop();
});

afterEach(() => {
  cache.provider.refuseWith = undefined;
});

const rename = (name: string) => (ddo: { metadata: object }) => ({ ...ddo, metadata: { ...ddo.metadata, name } });

describe('a document follows its events', () => {
  test('created: the document and what the chain says of it', async () => {
    const asset = await cache.publish();
    const { status, body } = await cache.asset(asset.did);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...asset.ddo,
      nft: { address: asset.nft, owner: lab.publisher.address, state: 0, name: 'Recordings', symbol: 'REC' },
      datatokens: [{ address: asset.datatoken, name: 'Recordings', symbol: 'REC', serviceId: 'compute' }],
      event: { from: lab.publisher.address, contract: asset.nft },
      stats: { orders: 0 },
    });
  });

  test('updated: seen by whoever asks after the transaction', async () => {
    const asset = await cache.publish();
    await cache.asset(asset.did);
    await cache.update(asset, { edit: rename('Changed') });
    expect((await cache.asset(asset.did)).body).toMatchObject({ metadata: { name: 'Changed' } });
    const metadata = await cache.get(`/api/aquarius/assets/metadata/${asset.did}`);
    expect(metadata).toMatchObject({ status: 200, body: { name: 'Changed' } });
  });

  test('everybody who asks at the same moment sees it', async () => {
    const asset = await cache.publish();
    const before = Array.from({ length: 5 }, () => cache.asset(asset.did));
    await cache.update(asset, { edit: rename('For all') });
    const after = await Promise.all(Array.from({ length: 5 }, () => cache.asset(asset.did)));
    await Promise.all(before);
    expect(after.map(({ body }) => (body['metadata'] as { name: string }).name)).toEqual(Array(5).fill('For all'));
  });

  test('an order counts', async () => {
    const asset = await cache.publish();
    await lab.publisher.mint(asset.datatoken, lab.consumer.address);
    const providerFee = labFee(lab, { datatoken: asset.datatoken });
    const order = { datatoken: asset.datatoken, consumer: lab.consumer.address, serviceIndex: 0, providerFee };
    await lab.consumer.startOrder(order);
    expect((await cache.asset(asset.did)).body).toMatchObject({ stats: { orders: 1 } });
  });

  test('a new owner shows', async () => {
    const asset = await cache.publish();
    await lab.publisher.transferNft(asset.nft, lab.stranger.address);
    expect((await cache.asset(asset.did)).body).toMatchObject({ nft: { owner: lab.stranger.address } });
  });
});

describe('states', () => {
  test.each([1, 4, 5])('state %i is told beside the whole document', async (state) => {
    const asset = await cache.publish();
    await lab.publisher.setMetaDataState(asset.nft, state);
    expect((await cache.asset(asset.did)).body).toMatchObject({ nft: { state }, metadata: asset.ddo.metadata });
  });

  test.each([2, 3])('state %i leaves the short form', async (state) => {
    const asset = await cache.publish();
    await cache.asset(asset.did);
    await lab.publisher.setMetaDataState(asset.nft, state);
    const short = { id: asset.did, chainId: 8996, nftAddress: asset.nft, nft: { state } };
    expect((await cache.asset(asset.did)).body).toEqual(short);
  });

  test('a cache that comes later tells the short form too, and the document once the asset is active again', async () => {
    const asset = await cache.publish();
    await lab.publisher.setMetaDataState(asset.nft, 3);
    cache.provider.refuseWith = 403; // what a Provider answers about a revoked asset
    const later = await cache.another();
    expect((await later.asset(asset.did)).body).toEqual({
      id: asset.did,
      chainId: 8996,
      nftAddress: asset.nft,
      nft: { state: 3 },
    });
    cache.provider.refuseWith = undefined;
    await lab.publisher.setMetaDataState(asset.nft, 0);
    expect((await later.asset(asset.did)).body).toMatchObject({ nft: { state: 0 }, metadata: asset.ddo.metadata });
  });
});

describe('how a document lies on the chain', () => {
  test('in the open', async () => {
    const asset = await cache.publish({ flags: 0 });
    expect((await cache.asset(asset.did)).status).toBe(200);
  });

  test('compressed, in more than one piece', async () => {
    const long = (ddo: { metadata: object }) => ({
      ...ddo,
      metadata: { ...ddo.metadata, description: 'x'.repeat(80_000) },
    });
    const asset = await cache.publish({ flags: 1, encode: xzStored, edit: long });
    expect((await cache.asset(asset.did)).status).toBe(200);
  });

  test('in the open, with the hash of its hex text as ocean.js stores it', async () => {
    const hex = (ddo: object): string => sha256Hex(`0x${Buffer.from(JSON.stringify(ddo)).toString('hex')}`);
    const asset = await cache.publish();
    await cache.update(asset, { flags: 0, hash: `0x${hex(asset.ddo)}` });
    expect((await cache.asset(asset.did)).status).toBe(200);
  });
});

describe('what is no document is not found, and the reason is told', () => {
  test.each([
    ['no JSON', () => 'not an object', 'DDO_INVALID', ''],
    ['without services', (ddo: object) => ({ ...ddo, services: [] }), 'DDO_INVALID', 'services'],
    ['with another DID', (ddo: object) => ({ ...ddo, id: `did:op:${'0'.repeat(64)}` }), 'DDO_INVALID', 'id'],
    ['of another chain', (ddo: object) => ({ ...ddo, chainId: 1 }), 'DDO_INVALID', 'chainId'],
  ])('%s', async (_what, edit, code, field) => {
    const asset = await cache.publish({ edit });
    const { status, body } = await cache.asset(asset.did);
    expect(status).toBe(404);
    expect(body).toMatchObject({ code, problems: expect.arrayContaining([expect.objectContaining({ field })]) });
  });

  test('with a hash that is not its own', async () => {
    const asset = await cache.publish({ hash: `0x${'1'.repeat(64)}` });
    expect(await cache.asset(asset.did)).toMatchObject({ status: 404, body: { code: 'DDO_UNREADABLE' } });
  });

  test('a Provider that fails is asked again, one that refuses is not', async () => {
    const asset = await cache.publish();
    cache.provider.refuseWith = 503;
    expect(await cache.asset(asset.did)).toMatchObject({ status: 404, body: { code: 'DDO_UNREADABLE' } });
    cache.provider.refuseWith = undefined;
    expect((await cache.asset(asset.did)).status).toBe(200);

    const refused = await cache.publish();
    cache.provider.refuseWith = 403;
    await cache.asset(refused.did);
    cache.provider.refuseWith = undefined;
    const { requests } = cache.provider;
    expect((await cache.asset(refused.did)).status).toBe(404);
    expect(cache.provider.requests).toBe(requests);
  });

  test('an unknown DID', async () => {
    const { status, body } = await cache.asset(`did:op:${'0'.repeat(64)}`);
    expect(status).toBe(404);
    expect(body).toMatchObject({ code: 'DID_NOT_FOUND', error: expect.stringContaining('not found') });
  });
});

test('after a reorganisation the chain that is left counts', async () => {
  const kept = await cache.publish();
  const snapshot = (await lab.provider.send('evm_snapshot', [])) as string;
  const gone = await cache.publish();
  expect((await cache.asset(gone.did)).status).toBe(200);
  await lab.provider.send('evm_revert', [snapshot]);
  await lab.chain.mine(3);
  expect((await cache.asset(gone.did)).status).toBe(404);
  expect((await cache.asset(kept.did)).status).toBe(200);
});

describe('search', () => {
  const found = async (query: unknown): Promise<string[]> =>
    ((await cache.search({ query, size: 100 })).body.hits?.hits ?? []).map(({ _id }) => _id);

  test('by id, term, words, existence, and combinations of them', async () => {
    const one = await cache.publish({ edit: rename('Slow potentials of Tübingen') });
    const two = await cache.publish({ edit: rename('Slow waves elsewhere') });
    const ids = { ids: { values: [one.did, two.did] } };
    expect((await found(ids)).toSorted()).toEqual([one.did, two.did].toSorted());
    expect(await found({ term: { nftAddress: one.nft.toLowerCase() } })).toEqual([one.did]);
    expect(await found({ bool: { must: [{ match: { 'metadata.name': 'tübingen' } }], filter: [ids] } })).toEqual([
      one.did,
    ]);
    expect(await found({ bool: { must: [ids], must_not: [{ match: { 'metadata.name': 'waves' } }] } })).toEqual([
      one.did,
    ]);
    expect(await found({ bool: { filter: [ids], must: [{ exists: { field: 'metadata.nothing' } }] } })).toEqual([]);
    const sorted = await cache.search({ query: ids, sort: { 'metadata.name': 'desc' }, size: 1, from: 1 });
    expect(sorted.body.hits).toMatchObject({ total: { value: 2 }, hits: [{ _id: one.did }] });
    const listed = await cache.search({ query: ids, sort: ['_score', { 'metadata.name': { order: 'desc' } }] });
    expect(listed.body.hits?.hits.map(({ _id }) => _id)).toEqual([two.did, one.did]);
    const words = (operator: string): unknown => ({ match: { 'metadata.name': { query: 'slow waves', operator } } });
    expect(await found({ bool: { must: [ids, words('and')] } })).toEqual([two.did]);
    expect(await found({ bool: { must: [ids, words('or')] } })).toHaveLength(2);
    const should = [{ match: { 'metadata.name': 'waves' } }];
    expect(await found({ bool: { must: [], should } })).toEqual(await found({ bool: { should } }));
  });

  test('counts over all that match, whatever the page', async () => {
    const dids: string[] = [];
    for (const name of ['Waves', 'Waves', 'Tides']) dids.push((await cache.publish({ edit: rename(name) })).did);
    const { body } = await cache.search({
      query: { ids: { values: dids } },
      size: 0,
      track_total_hits: true,
      aggs: {
        names: { terms: { field: 'metadata.name.keyword', size: 1 } },
        orders: { sum: { field: 'stats.orders' } },
        services: { value_count: { field: 'services.id' } },
        kinds: { cardinality: { field: 'services.type' } },
        state: { max: { field: 'nft.state' } },
        nothing: { min: { field: 'metadata.nothing' } },
      },
    });
    expect(body).toMatchObject({
      hits: { total: { value: 3 }, hits: [] },
      aggregations: {
        names: { sum_other_doc_count: 1, buckets: [{ key: 'Waves', doc_count: 2 }] },
        orders: { value: 0 },
        services: { value: 3 },
        kinds: { value: 1 },
        state: { value: 0 },
        nothing: { value: null },
      },
    });
  });

  test.each([
    ['a clause', { query: { fuzzy: { name: 'x' } } }, 'fuzzy'],
    ['a clause that nothing comes to', { query: { bool: { must: [{ ids: {} }, { regexp: { id: 'x' } }] } } }, 'regexp'],
    ['a clause without a body', { query: { ids: null } }, 'ids'],
    ['a part of a clause', { query: { match: { id: { query: 'x', fuzziness: 2 } } } }, 'fuzziness'],
    ['a part of a clause without a value', { query: { ids: { values: [], boost: 2 } } }, 'boost'],
    ['an operator', { query: { match: { id: { query: 'x', operator: 'xor' } } } }, 'xor'],
    ['a share of clauses', { query: { bool: { should: [], minimum_should_match: '75%' } } }, '75%'],
    ['an order', { sort: { id: 'up' } }, 'up'],
    ['a part of an order', { sort: [{ id: { order: 'asc', missing: '_first' } }] }, 'missing'],
    ['a sort that is none', { sort: 'id' }, 'sort'],
    ['a field of the request', { query: { match_all: {} }, highlight: {} }, 'highlight'],
    ['an aggregation', { aggs: { one: { percentiles: { field: 'stats.orders' } } } }, 'percentiles'],
    ['an aggregation of an odd name', { aggs: { one: { constructor: { field: 'id' } } } }, 'constructor'],
    ['a size where there is none', { aggs: { one: { sum: { field: 'stats.orders', size: 3 } } } }, 'size'],
    ['a part of an aggregation', { aggs: { one: { terms: { field: 'id', include: 'did.*' } } } }, 'include'],
    ['a size', { aggs: { one: { terms: { field: 'id', size: -1 } } } }, '-1'],
    ['aggregations that are none', { aggs: [] }, 'aggs'],
  ])('%s that it does not know is refused by name, never passed over', async (_what, request, name) => {
    const { status, body } = await cache.search(request);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'SEARCH_UNSUPPORTED', error: expect.stringContaining(name) });
  });
});

describe('validate', () => {
  const validate = async (text: string): Promise<{ status: number; body: Record<string, unknown> }> => {
    const response = await fetch(`${cache.url}/api/aquarius/assets/ddo/validate`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: text,
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  test('hashes exactly the bytes that were sent, and signs the hash', async () => {
    const { ddo } = await cache.publish();
    for (const text of [JSON.stringify(ddo), JSON.stringify(ddo, null, 1)]) {
      const { status, body } = await validate(text);
      expect(status).toBe(200);
      const hash = sha256Hex(text);
      expect(body['hash']).toBe(`0x${hash}`);
      const [r = ''] = body['r'] as string[];
      const [s = ''] = body['s'] as string[];
      const signature = `0x${r.slice(2)}${s.slice(2)}${Number(body['v']).toString(16)}`;
      expect(recoverDigestSigner(personalDigest(fromHex(hash)), signature)).toBe(
        checksumAddress(String(body['publicKey'])),
      );
    }
  });

  test("gives the hashes of the classic stack's vectors", () => {
    const file = new URL('../../fixtures/vectors/metadata-hash.json', import.meta.url);
    const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: { document: string; raw: string }[] };
    expect(vectors.map(({ document }) => sha256Hex(document))).toEqual(vectors.map(({ raw }) => raw));
  });

  test.each([['{"id":1}'], ['no JSON'], ['']])('%j is refused with what is wrong', async (text) => {
    const { status, body } = await validate(text);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain('message');
  });
});

test('routes that it has not are refused', async () => {
  expect(await cache.get('/api/aquarius/nothing')).toMatchObject({ status: 404, body: { code: 'NO_ROUTE' } });
});
