import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  isDatatokenOfFactory,
  isDatatokenOfNft,
  isNftOfFactory,
  readDecimals,
  readLastMetadata,
  readMetadataEvents,
  readMetadataStatus,
  readNftDescription,
  readNftOwner,
  readTokenName,
} from '../../contracts/metadata.ts';
import { ONE_DATATOKEN } from '../../contracts/ocean-contracts.ts';
import { deployOddContract } from '../../contracts/odd-contracts.ts';
import type { OceanLab } from './testing/ocean-lab.ts';
import { startOceanLab } from './testing/ocean-lab.ts';

let lab: OceanLab;

beforeAll(async () => {
  lab = await startOceanLab();
});
afterAll(() => lab.stop());

const DOCUMENT = {
  state: 0,
  decryptorUrl: 'http://127.0.0.1:8030',
  flags: '0x02',
  data: '0xdeadbeef',
  hash: `0x${'11'.repeat(32)}`,
};

describe('metadata of a data NFT', () => {
  it('has no document before the first setMetaData', async () => {
    const { nft } = await lab.publisher.createNftWithErc20({ name: 'Empty', symbol: 'E' });
    expect(await readMetadataStatus(lab.provider, nft)).toEqual({
      decryptorUrl: '',
      decryptorAddress: '',
      state: 0,
      hasMetaData: false,
    });
    expect(await readLastMetadata(lab.provider, nft, lab.addresses.startBlock)).toBeUndefined();
  });

  it('is created, updated and given a state, each with its event', async () => {
    const { nft, blockNumber } = await lab.publisher.createNftWithErc20({ name: 'Recordings', symbol: 'REC' });
    const first = await lab.publisher.setMetaData(nft, DOCUMENT);
    const second = await lab.publisher.setMetaData(nft, { ...DOCUMENT, data: '0xcafe' });
    const third = await lab.publisher.setMetaDataState(nft, 255);
    const { documents, states, transfers } = await readMetadataEvents(
      lab.provider,
      { fromBlock: blockNumber, toBlock: third.blockNumber },
      nft,
    );
    expect(documents.map(({ transactionHash, data }) => ({ transactionHash, data }))).toEqual([
      { transactionHash: first.transactionHash, data: '0xdeadbeef' },
      { transactionHash: second.transactionHash, data: '0xcafe' },
    ]);
    expect(states).toMatchObject([{ state: 255, by: lab.publisher.address, emitter: nft }]);
    expect(transfers).toMatchObject([{ to: lab.publisher.address }]);
    expect(await readLastMetadata(lab.provider, nft, lab.addresses.startBlock)).toMatchObject({ data: '0xcafe' });
    expect(await readMetadataStatus(lab.provider, nft)).toMatchObject({ state: 255, hasMetaData: true });
  });

  it("never shows another NFT's document", async () => {
    const mine = await lab.publisher.createNftWithErc20({ name: 'Mine', symbol: 'M' });
    const other = await lab.stranger.createNftWithErc20({ name: 'Other', symbol: 'O' });
    await lab.publisher.setMetaData(mine.nft, DOCUMENT);
    await lab.stranger.setMetaData(other.nft, { ...DOCUMENT, data: '0xbad0' });
    expect((await readLastMetadata(lab.provider, mine.nft, 0))?.data).toBe(DOCUMENT.data);
  });

  it('may be set by its owner alone, and the owner may change', async () => {
    const { nft } = await lab.publisher.createNftWithErc20({ name: 'Sold', symbol: 'S' });
    const refused = { code: 'CHAIN_TX_REFUSED' };
    await expect(lab.stranger.setMetaData(nft, DOCUMENT)).rejects.toMatchObject(refused);
    await lab.publisher.transferNft(nft, lab.stranger.address);
    expect(await readNftOwner(lab.provider, nft)).toBe(lab.stranger.address);
    await expect(lab.publisher.setMetaData(nft, DOCUMENT)).rejects.toMatchObject(refused);
    await lab.stranger.setMetaData(nft, DOCUMENT);
  });
});

describe('who belongs to whom', () => {
  it('tells NFTs and datatokens of the factory from everything else', async () => {
    const { ERC721Factory } = lab.addresses;
    const asset = await lab.publisher.createNftWithErc20({ name: 'Asset', symbol: 'A', tokenUri: 'aaa' });
    const other = await lab.publisher.createNftWithErc20({ name: 'Second', symbol: 'B' });
    expect(await isNftOfFactory(lab.provider, ERC721Factory, asset.nft.toLowerCase())).toBe(true);
    expect(await isNftOfFactory(lab.provider, ERC721Factory, lab.stranger.address)).toBe(false);
    expect(await isDatatokenOfFactory(lab.provider, ERC721Factory, asset.datatoken)).toBe(true);
    expect(await isDatatokenOfFactory(lab.provider, ERC721Factory, lab.addresses.Ocean)).toBe(false);
    expect(await isDatatokenOfNft(lab.provider, asset.nft, asset.datatoken)).toBe(true);
    expect(await isDatatokenOfNft(lab.provider, asset.nft, other.datatoken)).toBe(false);
    expect(await readNftDescription(lab.provider, asset.nft)).toEqual({
      name: 'Asset',
      symbol: 'A',
      tokenUri: 'aaa',
      owner: lab.publisher.address,
      datatokens: [asset.datatoken],
    });
    expect(await readTokenName(lab.provider, asset.datatoken)).toEqual({ name: 'Asset', symbol: 'A' });
  });

  it('names a contract that answers none of these questions', async () => {
    const failed = { code: 'CONTRACT_CALL_FAILED' };
    await expect(readMetadataStatus(lab.provider, lab.stranger.address)).rejects.toMatchObject(failed);
    const token = await deployOddContract('PlainToken', lab.stranger.wallet, ['Token', 'T', 6]);
    await expect(isDatatokenOfNft(lab.provider, token.target, token.target)).rejects.toMatchObject(failed);
  });
});

describe('getting datatokens', () => {
  it('buys them at a fixed rate, in a token with six decimals too', async () => {
    for (const baseToken of [lab.addresses.Ocean, lab.addresses.MockUSDC as string]) {
      const baseTokenDecimals = await readDecimals(lab.provider, baseToken);
      const asset = await lab.publisher.createNftWithErc20WithFixedRate(
        { name: 'Priced', symbol: 'P' },
        { baseToken, baseTokenDecimals, rate: '2.5' },
      );
      const cost = await lab.consumer.fixedRateCost(asset.exchangeId);
      const price = 25n * 10n ** BigInt(baseTokenDecimals - 1);
      expect(cost).toBeGreaterThanOrEqual(price);
      expect(cost).toBeLessThan((price * 11n) / 10n);
      await lab.publisher.transfer(baseToken, lab.consumer.address, cost);
      await lab.consumer.approve(baseToken, lab.addresses.FixedPrice, cost);
      await expect(lab.consumer.buyDatatokens(asset.exchangeId, cost - 1n)).rejects.toMatchObject({
        code: 'CHAIN_TX_REFUSED',
      });
      await lab.consumer.buyDatatokens(asset.exchangeId, cost);
      expect(await lab.consumer.balanceOf(asset.datatoken, lab.consumer.address)).toBe(ONE_DATATOKEN);
    }
  });

  it('takes them from a dispenser up to its limit', async () => {
    const asset = await lab.publisher.createNftWithErc20WithDispenser(
      { name: 'Free', symbol: 'F' },
      { maxTokens: '1' },
    );
    await lab.consumer.dispense(asset.datatoken);
    expect(await lab.consumer.balanceOf(asset.datatoken, lab.consumer.address)).toBe(ONE_DATATOKEN);
    await expect(lab.consumer.dispense(asset.datatoken)).rejects.toMatchObject({ code: 'CHAIN_TX_REFUSED' });
  });

  it('lets only a minter mint', async () => {
    const asset = await lab.publisher.createNftWithErc20({ name: 'Minted', symbol: 'M' });
    await expect(lab.stranger.mint(asset.datatoken, lab.stranger.address)).rejects.toMatchObject({
      details: { reason: 'ERC20Template: NOT MINTER' },
    });
  });
});
