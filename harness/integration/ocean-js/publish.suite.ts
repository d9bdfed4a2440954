import { beforeAll, describe, expect, test } from 'vitest';
import type { Published } from './assets.ts';
import { edit, publish } from './assets.ts';
import { accessDraft, algorithmDraft, computeDraft, filesOf } from './documents.ts';
import type { OceanJsLab } from './lab.ts';
import { ethers, oceanJs } from './ocean-js.ts';

const { ProviderInstance } = oceanJs;

let lab: OceanJsLab;
let fileUrl: string;

/** Registers the tests; once per file. */
export function describePublishing(given: () => OceanJsLab): void {
  beforeAll(() => {
    lab = given();
    fileUrl = lab.testbed.servers.euLab.publish('data.txt', 'hello').url;
  });

  test('the configuration of chain 8996 comes from the address file and the variables', async () => {
    const { config, contracts, testbed, providerUrl } = lab;
    expect(config).toMatchObject({
      chainId: 8996,
      network: 'development',
      metadataCacheUri: testbed.endpoints.metadataCacheUrl,
      providerUri: providerUrl,
    });
    expect(Object.values(contracts).every((address) => ethers.utils.isAddress(address))).toBe(true);
    expect(await ProviderInstance.isValidProvider(providerUrl)).toBe(true);
    expect(await ProviderInstance.isValidProvider(testbed.endpoints.metadataCacheUrl)).toBe(false);
  });

  test('the Provider tells its routes, and of a file before it is published', async () => {
    const endpoints = (await ProviderInstance.getEndpoints(lab.providerUrl)) as { software: string };
    expect(endpoints.software).toBe('Provider');
    const routes = await ProviderInstance.getServiceEndpoints(`${lab.providerUrl}//`, endpoints);
    expect(ProviderInstance.getEndpointURL(routes, 'computestart')).toEqual({
      serviceName: 'computeStart',
      method: 'POST',
      urlPath: `${lab.providerUrl}/api/services/compute`,
    });
    const file = { type: 'url' as const, url: fileUrl, method: 'GET', index: 0 };
    expect(await ProviderInstance.getFileInfo(file, lab.providerUrl, true)).toEqual([
      expect.objectContaining({ valid: true, contentLength: '5', checksumType: 'sha256' }),
    ]);
    const signature = await ProviderInstance.signProviderRequest(lab.consumer, 'text');
    const digest = ethers.utils.arrayify(ethers.utils.id('text'));
    expect(ethers.utils.verifyMessage(digest, signature)).toBe(await lab.consumer.getAddress());
  });

  describe('createAsset', () => {
    test.each([1, 2])('publishes with datatoken template %i', async (template) => {
      const { did, datatoken, asset, nft } = await publish(lab, filesOf(fileUrl), accessDraft(), { template });
      const datatokens = new oceanJs.Datatoken(lab.publisher, 8996);
      expect(did).toBe(oceanJs.generateDid(nft, 8996));
      expect(Number(await datatokens.getId(datatoken))).toBe(template);
      expect(asset).toMatchObject({
        metadata: { name: 'dataset of a suite' },
        nft: { owner: await lab.publisher.getAddress(), state: 0, symbol: 'LAB' },
        datatokens: [{ address: datatoken, serviceId: 'download' }],
        stats: { orders: 0, price: { tokenAddress: lab.contracts.ocean } },
        purgatory: { state: false },
      });
      expect(await ProviderInstance.checkDidFiles(did, 'download', lab.providerUrl, true)).toEqual([
        expect.objectContaining({
          valid: true,
          type: 'url',
          contentLength: '5',
          checksum: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
        }),
      ]);
    });

    test('publishes a document in clear, whose hash is over its hex text', async () => {
      const { did, asset } = await publish(lab, filesOf(fileUrl), accessDraft(), { encrypted: false });
      expect(asset.id).toBe(did);
      const address = await lab.consumer.getAddress();
      const quote = await ProviderInstance.initialize(did, 'download', 0, address, lab.providerUrl);
      expect(quote.datatoken).toBe(asset.services[0]?.datatokenAddress);
    });

    test('publishes an algorithm', async () => {
      const { asset } = await publish(lab, filesOf(fileUrl), algorithmDraft(lab));
      expect(asset.metadata).toMatchObject({
        type: 'algorithm',
        algorithm: { container: { entrypoint: 'node $ALGO' } },
      });
    });

    test.each([
      ['0', 'getDispensers', 0],
      ['3', 'getFixedRates', 3],
    ] as const)('at price %s opens the market that %s lists', async (price, list, value) => {
      const { datatoken, asset } = await publish(lab, filesOf(fileUrl), accessDraft(price));
      expect(await new oceanJs.Datatoken(lab.publisher, 8996)[list](datatoken)).toHaveLength(1);
      expect(asset.stats.price).toEqual({ value, tokenAddress: lab.contracts.ocean, tokenSymbol: 'OCEAN' });
    });
  });

  describe('Aquarius', () => {
    test('says whether a document may be published, and signs for it', async () => {
      const { asset } = await publish(lab, filesOf(fileUrl), computeDraft());
      const good = await lab.aquarius.validate(asset);
      expect(good).toMatchObject({ valid: true, hash: expect.stringMatching(/^0x[0-9a-f]{64}$/) });
      const { r, s, v, validatorAddress } = good.proof ?? {};
      const signer = ethers.utils.verifyMessage(ethers.utils.arrayify(good.hash ?? ''), {
        r: r ?? '',
        s: s ?? '',
        v: Number(v),
      });
      expect(signer).toBe(validatorAddress);
      const bad = await lab.aquarius.validate({ ...asset, services: [] });
      expect(bad).toMatchObject({ valid: false, errors: expect.anything() });
    });

    test('finds, and tells the metadata alone', async () => {
      const { did, asset } = await publish(lab, filesOf(fileUrl), accessDraft());
      expect(await lab.aquarius.getAssetMetadata(did)).toEqual(asset.metadata);
      const found = await lab.aquarius.querySearch({
        query: { bool: { must: [{ term: { _id: did } }, { match: { 'metadata.tags': 'eeg' } }] } },
        size: 3,
        sort: { 'nft.created': 'desc' },
      });
      expect(found.hits).toMatchObject({ total: { value: 1 }, hits: [{ _id: did, _source: { id: did } }] });
    });

    test('does not know what was never published', async () => {
      const unknown = ProviderInstance.checkDidFiles(`did:op:${'0'.repeat(64)}`, 'download', lab.providerUrl);
      const text = await unknown.then(String, (error: Error) => oceanJs.getErrorMessage(error.message));
      expect(text).toBe('The dataset DID does not exist in the Metadata store.');
      await expect(lab.aquarius.resolve(`did:op:${'0'.repeat(64)}`)).rejects.toThrow('HTTP request failed');
      await expect(lab.aquarius.getAssetMetadata(`did:op:${'0'.repeat(64)}`)).rejects.toThrow('404');
      expect(await lab.aquarius.waitForIndexer(`did:op:${'0'.repeat(64)}`, undefined, undefined, 1, 2)).toBeNull();
    });
  });

  describe('an edited asset', () => {
    test('is what was published last, with what the cache adds written anew', async () => {
      const { asset } = await publish(lab, filesOf(fileUrl), accessDraft());
      const changed = structuredClone(asset);
      changed.metadata.name = 'a better name';
      changed.nft.owner = ethers.constants.AddressZero;
      changed.stats.orders = 99;
      const edited = await edit(lab, changed);
      expect(edited).toMatchObject({
        metadata: { name: 'a better name' },
        nft: { owner: asset.nft.owner },
        stats: { orders: 0 },
      });
      expect(edited?.event.tx).not.toBe(asset.event.tx);
    });

    test('may be told of with the token URI in one transaction', async () => {
      const { asset, nft } = await publish(lab, filesOf(fileUrl), accessDraft());
      const { publisher, providerUrl, aquarius } = lab;
      const changed = { ...asset, metadata: { ...asset.metadata, name: 'with URI' } };
      const nfts = new oceanJs.Nft(publisher, 8996);
      const sent = await nfts.setMetadataAndTokenURI(nft, await publisher.getAddress(), {
        metaDataState: 0,
        metaDataDecryptorUrl: providerUrl,
        metaDataDecryptorAddress: '',
        flags: ethers.utils.hexlify(2),
        data: await ProviderInstance.encrypt(changed, 8996, providerUrl),
        metaDataHash: (await aquarius.validate(changed)).hash ?? '',
        tokenId: 1,
        tokenURI: 'https://lab.example/nft',
        metadataProofs: [],
      });
      const edited = await aquarius.waitForIndexer(asset.id, sent.hash, undefined, 50, 20);
      expect(edited).toMatchObject({ metadata: { name: 'with URI' }, nft: { tokenURI: 'https://lab.example/nft' } });
      await nfts.setTokenURI(nft, 'https://lab.example/other');
      expect(await nfts.getTokenURI(nft, 1)).toBe('https://lab.example/other');
      expect((await aquarius.resolve(asset.id)).nft.tokenURI).toBe('https://lab.example/other');
    });
  });

  describe('lifecycle states', () => {
    let published: Published;
    beforeAll(async () => {
      published = await publish(lab, filesOf(fileUrl), accessDraft());
    });

    test.each([
      [0, true],
      [1, false],
      [2, false],
      [3, false],
      [4, false],
      [5, true],
      [0, true],
    ])('an asset in state %i can be ordered: %s', async (state, isOrderable) => {
      const { did, nft } = published;
      const nfts = new oceanJs.Nft(lab.publisher, 8996);
      await nfts.setMetadataState(nft, await lab.publisher.getAddress(), state);
      const asset = await lab.aquarius.resolve(did);
      expect(asset.nft.state).toBe(state);
      expect(asset.metadata === undefined).toBe(state === 2 || state === 3);
      expect((await nfts.getMetadata(nft)) as unknown[]).toEqual([lab.providerUrl, '', state, true]);
      const quote = ProviderInstance.initialize(did, 'download', 0, await lab.consumer.getAddress(), lab.providerUrl);
      const answer = await quote.then(
        (given) => Object.keys(given),
        (error: Error) => (JSON.parse(error.message) as { error: string }).error,
      );
      const wanted = isOrderable ? 'providerFee' : 'Provider Ganache: Asset is not consumable.';
      expect([answer].flat()).toContain(wanted);
    });
  });

  describe('the data NFT', () => {
    test('stores data under a key, and of a datatoken under its address', async () => {
      const { nft, datatoken } = await publish(lab, filesOf(fileUrl), accessDraft());
      const owner = await lab.publisher.getAddress();
      const nfts = new oceanJs.Nft(lab.publisher, 8996);
      const datatokens = new oceanJs.Datatoken(lab.publisher, 8996);
      const key = ethers.utils.hexlify(ethers.utils.toUtf8Bytes('sampling rate'));
      await nfts.addStoreUpdater(nft, owner, owner);
      await nfts.setData(nft, owner, key, '256 Hz');
      expect(await nfts.getData(nft, key)).toBe('256 Hz');
      await datatokens.setData(datatoken, owner, 'of the token');
      expect(await nfts.getData(nft, datatoken)).toBe('of the token');
    });

    test('gives and takes roles, and loses them all to its next owner', async () => {
      const { did, nft, datatoken } = await publish(lab, filesOf(fileUrl), accessDraft());
      const [owner, other] = await Promise.all([lab.publisher.getAddress(), lab.consumer.getAddress()]);
      const nfts = new oceanJs.Nft(lab.publisher, 8996);
      await nfts.addManager(nft, owner, other);
      await nfts.addDatatokenDeployer(nft, owner, other);
      await nfts.addMetadataUpdater(nft, owner, other);
      await nfts.addStoreUpdater(nft, owner, other);
      const all = { manager: true, deployERC20: true, updateMetadata: true, store: true };
      expect(await nfts.getNftPermissions(nft, other)).toMatchObject(all);
      await nfts.removeStoreUpdater(nft, owner, other);
      await nfts.removeMetadataUpdater(nft, owner, other);
      await nfts.removeDatatokenDeployer(nft, owner, other);
      await nfts.removeManager(nft, owner, other);
      const none = { manager: false, deployERC20: false, updateMetadata: false, store: false };
      expect(await nfts.getNftPermissions(nft, other)).toMatchObject(none);
      const second = await nfts.createDatatoken(
        nft,
        owner,
        owner,
        owner,
        ethers.constants.AddressZero,
        lab.contracts.ocean,
        '0',
        '100',
      );
      expect(await nfts.isDatatokenDeployed(nft, second)).toBe(true);
      expect((await lab.aquarius.resolve(did)).datatokens.map(({ address }) => address)).toEqual([datatoken, second]);
      await nfts.transferNft(nft, owner, other);
      expect(await nfts.getNftOwner(nft)).toBe(other);
      expect(await nfts.getNftPermissions(nft, owner)).toMatchObject(none);
      expect((await lab.aquarius.resolve(did)).nft.owner).toBe(other);
      await new oceanJs.Nft(lab.consumer, 8996).safeTransferNft(nft, other, owner);
      await nfts.cleanPermissions(nft, owner);
      expect(await nfts.isDatatokenDeployer(nft, owner)).toBe(false);
    });
  });

  test('the factory knows what it made, and its templates', async () => {
    const factory = new oceanJs.NftFactory(lab.contracts.factory, lab.publisher, 8996);
    const owner = await lab.publisher.getAddress();
    const before = Number(await factory.getCurrentNFTCount());
    const nft = await factory.createNFT({
      name: 'alone',
      symbol: 'ALN',
      templateIndex: 1,
      tokenURI: 'https://lab.example/alone',
      transferable: true,
      owner,
    });
    expect(Number(await factory.getCurrentNFTCount())).toBe(before + 1);
    expect(await factory.checkNFT(nft)).toBe(nft);
    expect(await factory.checkNFT(lab.contracts.ocean)).toBe(ethers.constants.AddressZero);
    const { datatoken } = await publish(lab, filesOf(fileUrl), accessDraft());
    expect(await factory.checkDatatoken(datatoken)).toBe(true);
    expect(await factory.checkDatatoken(lab.contracts.ocean)).toBe(false);
    expect(await factory.getOwner()).toBe(owner);
    expect((await factory.getNFTTemplate(1)).isActive).toBe(true);
    await factory.disableTokenTemplate(owner, 3);
    expect((await factory.getTokenTemplate(3)).isActive).toBe(false);
    await factory.reactivateTokenTemplate(owner, 3);
    expect((await factory.getTokenTemplate(3)).isActive).toBe(true);
  });
}
