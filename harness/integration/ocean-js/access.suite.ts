import { beforeAll, describe, expect, test } from 'vitest';
import type { Published } from './assets.ts';
import { publish } from './assets.ts';
import { accessDraft, filesOf } from './documents.ts';
import type { OceanJsLab } from './lab.ts';
import { ethers, oceanJs } from './ocean-js.ts';

const { ProviderInstance, Datatoken, FixedRateExchange, Dispenser } = oceanJs;

let lab: OceanJsLab;
let fileUrl: string;
let address: string;
let datatokens: InstanceType<typeof Datatoken>;
const quote = ({ did }: Published) => ProviderInstance.initialize(did, 'download', 0, address, lab.providerUrl);

async function mintOne({ datatoken }: Published): Promise<void> {
  await new Datatoken(lab.publisher, 8996).mint(datatoken, await lab.publisher.getAddress(), '1', address);
}

async function download({ did }: Published, transferTxId: string, fileIndex = 0): Promise<[string, string]> {
  const url = (await ProviderInstance.getDownloadUrl(
    did,
    'download',
    fileIndex,
    transferTxId,
    lab.providerUrl,
    lab.consumer,
  )) as string;
  const { data, filename } = await oceanJs.downloadFile(url);
  return [filename, Buffer.from(data).toString()];
}

/** Registers the tests; once per file. */
export function describeAccess(given: () => OceanJsLab): void {
  beforeAll(async () => {
    lab = given();
    fileUrl = lab.testbed.servers.euLab.publish('data.txt', 'hello').url;
    address = await lab.consumer.getAddress();
    datatokens = new Datatoken(lab.consumer, 8996);
    await oceanJs.transfer(lab.publisher, lab.config, lab.contracts.ocean, address, '1000');
  });

  describe('an order', () => {
    test('of a minted datatoken is good for the files, each by its index, until its time is over', async () => {
      const other = lab.testbed.servers.euLab.publish('more.txt', 'world').url;
      const published = await publish(lab, filesOf(fileUrl, other), accessDraft());
      await mintOne(published);
      expect(await datatokens.balance(published.datatoken, address)).toBe('1.0');
      const { providerFee, datatoken } = await quote(published);
      expect(datatoken).toBe(published.datatoken);
      const { hash } = await datatokens.startOrder(published.datatoken, address, 0, providerFee);
      expect(await datatokens.balance(published.datatoken, address)).toBe('0.0');
      expect(await download(published, hash)).toEqual(['data.txt', 'hello']);
      expect(await download(published, hash, 1)).toEqual(['more.txt', 'world']);
      await expect(download(published, hash, 2)).rejects.toThrow('Response error.');
      expect((await lab.aquarius.resolve(published.did)).stats.orders).toBe(1);
      await lab.testbed.chain.advanceTime(3601);
      await expect(download(published, hash)).rejects.toThrow('Response error.');
    });

    test('is used again with a new fee and without another datatoken', async () => {
      const published = await publish(lab, filesOf(fileUrl), accessDraft());
      await mintOne(published);
      const first = await datatokens.startOrder(published.datatoken, address, 0, (await quote(published)).providerFee);
      const again = await datatokens.reuseOrder(published.datatoken, first.hash, (await quote(published)).providerFee);
      expect(again.hash).not.toBe(first.hash);
      expect(await download(published, again.hash)).toEqual(['data.txt', 'hello']);
      expect(await download(published, first.hash)).toEqual(['data.txt', 'hello']);
    });

    test('of somebody else opens nothing', async () => {
      const published = await publish(lab, filesOf(fileUrl), accessDraft());
      await mintOne(published);
      const { hash } = await datatokens.startOrder(
        published.datatoken,
        address,
        0,
        (await quote(published)).providerFee,
      );
      const url = (await ProviderInstance.getDownloadUrl(
        published.did,
        'download',
        0,
        hash,
        lab.providerUrl,
        lab.account(3),
      )) as string;
      await expect(oceanJs.downloadFile(url)).rejects.toThrow('Response error.');
    });

    test('of several datatokens goes through the factory in one transaction', async () => {
      const all = [
        await publish(lab, filesOf(fileUrl), accessDraft()),
        await publish(lab, filesOf(fileUrl), accessDraft()),
      ];
      const orders = [];
      for (const published of all) {
        await mintOne(published);
        await datatokens.approve(published.datatoken, lab.contracts.factory, '1');
        orders.push({
          tokenAddress: published.datatoken,
          consumer: address,
          serviceIndex: 0,
          _providerFee: (await quote(published)).providerFee,
          _consumeMarketFee: {
            consumeMarketFeeAddress: ethers.constants.AddressZero,
            consumeMarketFeeToken: ethers.constants.AddressZero,
            consumeMarketFeeAmount: '0',
          },
        });
      }
      const { hash } = await new oceanJs.NftFactory(lab.contracts.factory, lab.consumer, 8996).startMultipleTokenOrder(
        orders,
      );
      for (const published of all) expect(await download(published, hash)).toEqual(['data.txt', 'hello']);
    });
  });

  describe('orderAsset', () => {
    const order = async (published: Published): Promise<[string, string]> => {
      const sent = await oceanJs.orderAsset(published.asset, lab.consumer, lab.config, datatokens, lab.providerUrl);
      if (!sent) throw new Error('nothing was sent');
      return download(published, sent.hash);
    };

    test.each([1, 2])('takes a datatoken of template %i from its dispenser', async (template) => {
      const published = await publish(lab, filesOf(fileUrl), accessDraft('0'), { template });
      expect(await order(published)).toEqual(['data.txt', 'hello']);
    });

    test.each([1, 2])('buys a datatoken of template %i at its fixed rate', async (template) => {
      const published = await publish(lab, filesOf(fileUrl), accessDraft('3'), { template });
      const [rate] = (await datatokens.getFixedRates(published.datatoken)) as { id: string }[];
      const exchange = new FixedRateExchange(lab.contracts.fixedRate, lab.publisher, 8996);
      // The library's createAsset lets the publisher alone buy.
      await exchange.setAllowedSwapper(rate?.id ?? '', ethers.constants.AddressZero);
      const before = Number(await oceanJs.balance(lab.consumer, lab.contracts.ocean, address));
      expect(await order(published)).toEqual(['data.txt', 'hello']);
      const paid = before - Number(await oceanJs.balance(lab.consumer, lab.contracts.ocean, address));
      expect(paid).toBeGreaterThanOrEqual(3);
      expect(paid).toBeLessThan(3.1);
    });

    test('refuses what has no market', async () => {
      const published = await publish(lab, filesOf(fileUrl), accessDraft());
      await expect(order(published)).rejects.toThrow('Pricing schema not supported');
    });
  });

  test('a dispenser is made, asked, closed and opened again', async () => {
    const { datatoken } = await publish(lab, filesOf(fileUrl), accessDraft());
    const owner = await lab.publisher.getAddress();
    const mine = new Datatoken(lab.publisher, 8996);
    const { parseUnits } = ethers.utils;
    await mine.createDispenser(datatoken, owner, lab.contracts.dispenser, {
      maxTokens: parseUnits('1').toString(),
      maxBalance: parseUnits('1').toString(),
    });
    const dispenser = new Dispenser(lab.contracts.dispenser, lab.publisher, 8996);
    const asConsumer = new Dispenser(lab.contracts.dispenser, lab.consumer, 8996);
    expect(await dispenser.status(datatoken)).toMatchObject({ active: true, owner, isMinter: true, maxTokens: '1.0' });
    expect(await dispenser.isDispensable(datatoken, datatokens, address, '1')).toBe(true);
    await asConsumer.dispense(datatoken, '1', address);
    expect(await datatokens.balance(datatoken, address)).toBe('1.0');
    await dispenser.deactivate(datatoken);
    expect((await dispenser.status(datatoken)).active).toBe(false);
    await dispenser.activate(datatoken, '2', '2');
    expect(await dispenser.status(datatoken)).toMatchObject({ active: true, maxBalance: '2.0' });
  });

  test('a fixed rate is made, changed, bought from, sold to and collected from', async () => {
    const { datatoken } = await publish(lab, filesOf(fileUrl), accessDraft());
    const owner = await lab.publisher.getAddress();
    const { parseUnits } = ethers.utils;
    const created = await new Datatoken(lab.publisher, 8996).createFixedRate(datatoken, owner, {
      fixedRateAddress: lab.contracts.fixedRate,
      baseTokenAddress: lab.contracts.ocean,
      owner,
      marketFeeCollector: owner,
      baseTokenDecimals: 18,
      datatokenDecimals: 18,
      fixedRate: parseUnits('2').toString(),
      marketFee: '0',
      withMint: true,
    });
    const receipt = await created.wait();
    const id = (oceanJs.getEventFromTx(receipt, 'NewFixedRate') as { args: string[] }).args[0] ?? '';
    const selling = new FixedRateExchange(lab.contracts.fixedRate, lab.publisher, 8996);
    const buying = new FixedRateExchange(lab.contracts.fixedRate, lab.consumer, 8996);
    expect(await selling.generateExchangeId(lab.contracts.ocean, datatoken)).toBe(id);
    expect(await selling.getExchange(id)).toMatchObject({ active: true, fixedRate: '2.0', exchangeOwner: owner });
    await selling.setRate(id, '5');
    expect(await selling.getRate(id)).toBe('5.0');
    const { baseTokenAmount } = await buying.calcBaseInGivenDatatokensOut(id, '2');
    expect(Number(baseTokenAmount)).toBeCloseTo(10, 0);
    await oceanJs.approve(lab.consumer, lab.config, address, lab.contracts.ocean, lab.contracts.fixedRate, '11');
    await buying.buyDatatokens(id, '2', '11');
    expect(await datatokens.balance(datatoken, address)).toBe('2.0');
    await datatokens.approve(datatoken, lab.contracts.fixedRate, '1');
    await buying.sellDatatokens(id, '1', '4');
    expect(await datatokens.balance(datatoken, address)).toBe('1.0');
    await selling.collectBasetokens(id, '5');
    await selling.collectDatatokens(id, '1');
    expect(await selling.getExchange(id)).toMatchObject({ dtBalance: '0.0' });
    await selling.deactivate(id);
    expect(await selling.isActive(id)).toBe(false);
    await selling.activate(id);
    expect(await selling.isActive(id)).toBe(true);
  });

  test('a datatoken has minters, payment managers, a collector and a market fee', async () => {
    const { datatoken, nft } = await publish(lab, filesOf(fileUrl), accessDraft());
    const owner = await lab.publisher.getAddress();
    const mine = new Datatoken(lab.publisher, 8996);
    await mine.addMinter(datatoken, owner, address);
    await mine.addPaymentManager(datatoken, owner, address);
    expect(await mine.getPermissions(datatoken, address)).toMatchObject({ minter: true, paymentManager: true });
    await mine.removeMinter(datatoken, owner, address);
    await mine.removePaymentManager(datatoken, owner, address);
    expect(await mine.getPermissions(datatoken, address)).toMatchObject({ minter: false, paymentManager: false });
    await mine.setPaymentCollector(datatoken, owner, address);
    expect(await mine.getPaymentCollector(datatoken)).toBe(address);
    expect(await mine.getNFTAddress(datatoken)).toBe(nft);
    expect(Number(await mine.getDecimals(datatoken))).toBe(18);
    expect(await mine.getPublishingMarketFee(datatoken)).toMatchObject({ publishMarketFeeAmount: '0' });
    await mine.mint(datatoken, owner, '3');
    await mine.transfer(datatoken, address, '2');
    expect([await mine.balance(datatoken, owner), await mine.balance(datatoken, address)]).toEqual(['1.0', '2.0']);
    await mine.cleanPermissions(datatoken, owner);
    expect(await mine.getPermissions(datatoken, owner)).toMatchObject({ minter: false });
  });
}
