import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { containerSectionChecksum, filesChecksum } from '../../../core/protocol/checksums.ts';
import { didOf } from '../../../core/protocol/did.ts';
import { sha256Hex } from '../../../core/protocol/hashing.ts';
import type { ProviderLab, PublishedAsset } from './provider-lab.ts';
import { CONTAINER, consumerOf, exchange, startProviderLab } from './provider-lab.ts';

let lab: ProviderLab;
let asset: PublishedAsset;

beforeAll(async () => {
  lab = await startProviderLab();
  lab.files.set('eeg.csv', 'a,b\n');
  lab.files.set('algo.js', 'run()');
  asset = await lab.publish({ type: 'dataset', serviceType: 'access', files: ['eeg.csv'] });
});
afterAll(() => lab.stop());

const initialize = (did: string) =>
  exchange(
    consumerOf(lab, lab.buyer).api(
      `initialize?${new URLSearchParams({ documentId: did, serviceId: 'svc-1', consumerAddress: lab.buyer.address })}`,
    ),
  );

describe('the metadata cache is a hint', () => {
  test("another data NFT than the DID's is not believed", async () => {
    const other = await lab.publish({ type: 'dataset', serviceType: 'access', files: ['eeg.csv'] });
    lab.hints.set(other.did, { nftAddress: asset.nft, chainId: 8996 });
    expect(await initialize(other.did)).toMatchObject({ status: 400, body: { code: 'DID_NOT_FOUND' } });
    lab.hints.set(other.did, { nftAddress: other.nft, chainId: 8996 });
    expect((await initialize(other.did)).status).toBe(200);
  });

  test('a contract that the factory did not make is no data NFT', async () => {
    const did = didOf(lab.addresses.Ocean, 8996);
    lab.hints.set(did, { nftAddress: lab.addresses.Ocean, chainId: 8996 });
    expect(await initialize(did)).toMatchObject({ status: 400, body: { code: 'ASSET_NOT_FROM_FACTORY' } });
  });

  test('an asset on another chain', async () => {
    const did = didOf(asset.nft, 1);
    lab.hints.set(did, { nftAddress: asset.nft, chainId: 1 });
    expect(await initialize(did)).toMatchObject({ status: 400, body: { code: 'DID_NOT_FOUND' } });
  });

  test('what is known already is known without it', async () => {
    expect((await initialize(asset.did)).status).toBe(200);
    const hint = lab.hints.get(asset.did);
    lab.hints.delete(asset.did);
    expect((await initialize(asset.did)).status).toBe(200);
    if (hint) lab.hints.set(asset.did, hint);
  });
});

describe('the document on chain decides', () => {
  test('one whose hash is not the recorded one is refused', async () => {
    const { nft } = await lab.owner.ocean.createNftWithErc20({ name: 'A', symbol: 'A' });
    const did = didOf(nft, 8996);
    lab.hints.set(did, { nftAddress: nft, chainId: 8996 });
    expect(await initialize(did)).toMatchObject({ body: { code: 'DDO_NOT_PUBLISHED' } });
    const data = `0x${Buffer.from('{"a":1}').toString('hex')}`;
    const document = { state: 0, decryptorUrl: lab.provider().url, flags: '0x00', data };
    await lab.owner.ocean.setMetaData(nft, { ...document, hash: `0x${'12'.repeat(32)}` });
    expect(await initialize(did)).toMatchObject({ body: { code: 'DDO_HASH_MISMATCH' } });
    await lab.owner.ocean.setMetaData(nft, { ...document, hash: `0x${sha256Hex('{"a":1}')}` });
    expect(await initialize(did)).toMatchObject({ body: { code: 'DDO_INVALID' } });
  });

  test('S11: an approval counts from its transaction on, and so does its withdrawal', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const algorithm = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
    const trusted = {
      did: algorithm.did,
      filesChecksum: filesChecksum([sha256Hex('run()')]),
      containerSectionChecksum: containerSectionChecksum(CONTAINER),
    };
    const nobody = { ...trusted, did: asset.did };
    const dataset = await lab.publish({
      type: 'dataset',
      files: ['eeg.csv'],
      compute: { publisherTrustedAlgorithms: [nobody] },
    });
    const ask = async (): Promise<unknown> => {
      const { status, body } = await buyer.initializeCompute(buyer.element(dataset), buyer.element(algorithm));
      return status === 200 ? 'ok' : (body as { code?: string }).code;
    };
    expect(await ask()).toBe('ALGORITHM_NOT_TRUSTED');
    await lab.update(dataset, {
      type: 'dataset',
      files: ['eeg.csv'],
      compute: { publisherTrustedAlgorithms: [trusted] },
    });
    expect(await ask()).toBe('ok');
    await lab.update(dataset, {
      type: 'dataset',
      files: ['eeg.csv'],
      compute: { publisherTrustedAlgorithms: [nobody] },
    });
    expect(await ask()).toBe('ALGORITHM_NOT_TRUSTED');
  });

  test('T6: a trusted publisher is who owns the data NFT now', async () => {
    const buyer = consumerOf(lab, lab.buyer);
    const algorithm = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
    const dataset = await lab.publish({
      type: 'dataset',
      files: ['eeg.csv'],
      compute: { publisherTrustedAlgorithmPublishers: [lab.owner.address.toLowerCase()] },
    });
    const ask = () => buyer.initializeCompute(buyer.element(dataset), buyer.element(algorithm));
    expect((await ask()).status).toBe(200);
    await lab.owner.ocean.transferNft(algorithm.nft, lab.stranger.address);
    expect(await ask()).toMatchObject({ status: 400, body: { code: 'ALGORITHM_PUBLISHER_NOT_TRUSTED' } });
  });
});
