import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNet } from '../../../core/net.ts';
import type { RunningOceanChain } from '../../chain/ocean-chain.ts';
import { startOceanChain } from '../../chain/ocean-chain.ts';
import type { Signer } from './ocean-js.ts';
import { ethers, oceanJs } from './ocean-js.ts';
import { setVariables } from './variables.ts';
const { NftFactory, Datatoken, FixedRateExchange, Dispenser, Router } = oceanJs;
const { AddressZero } = ethers.constants;
const { parseUnits } = ethers.utils;
// The contracts alone: no Provider is asked, so none is started.
const net = createNet();
const folder = mkdtempSync(path.join(tmpdir(), 'ojs-'));
let ocean: RunningOceanChain;
let restore: () => void;
let owner: Signer;
let buyer: Signer;
let me: string;
let other: string;
const at = (name: 'ERC721Factory' | 'FixedPrice' | 'Dispenser' | 'Router' | 'Ocean'): string => ocean.addresses[name];
const nftData = () => ({
  name: 'A',
  symbol: 'A',
  templateIndex: 1,
  tokenURI: '',
  transferable: true,
  owner: me,
});
const datatokenData = () => ({
  templateIndex: 1,
  minter: me,
  paymentCollector: me,
  mpFeeAddress: AddressZero,
  feeToken: AddressZero,
  feeAmount: '0',
  cap: '1000',
  name: 'Recordings',
  symbol: 'REC',
});
interface Sent {
  wait(): Promise<unknown>;
}
async function created(sent: Sent): Promise<{ datatoken: string; exchangeId: string }> {
  const receipt = await sent.wait();
  const argument = (name: string, field: string): string =>
    (oceanJs.getEventFromTx(receipt, name) as { args: Record<string, string> } | undefined)?.args[field] ?? '';
  return {
    datatoken: argument('TokenCreated', 'newTokenAddress'),
    exchangeId: argument('NewFixedRate', 'exchangeId'),
  };
}

/** Registers the tests; once per file. */
export function describeContracts(): void {
  beforeAll(async () => {
    const addressFile = path.join(folder, 'address.json');
    ocean = await startOceanChain({ net, addressFile });
    restore = setVariables({ ADDRESS_FILE: addressFile });
    const node = new ethers.providers.JsonRpcProvider(ocean.chain.rpcUrl);
    [owner, buyer] = [node.getSigner(0), node.getSigner(1)];
    [me, other] = await Promise.all([owner.getAddress(), buyer.getAddress()]);
    const { config } = new Datatoken(owner, 8996);
    await oceanJs.transfer(owner, config, at('Ocean'), other, '500');
  });
  afterAll(async () => {
    restore?.();
    await ocean?.stop();
    await net.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('NftFactory makes an NFT with a datatoken, with a dispenser, with a fixed rate', async () => {
    const factory = new NftFactory(at('ERC721Factory'), owner, 8996);
    const [nfts, tokens] = [await factory.getCurrentNFTCount(), await factory.getCurrentTokenCount()].map(Number);
    const plain = await created(await factory.createNftWithDatatoken(nftData(), datatokenData()));
    const datatokens = new Datatoken(owner, 8996);
    expect(await datatokens.getName(plain.datatoken)).toBe('Recordings');
    expect(await datatokens.getSymbol(plain.datatoken)).toBe('REC');
    expect(Number(await datatokens.getCap(plain.datatoken))).toBeGreaterThan(1000);

    const dispensing = await created(
      await factory.createNftWithDatatokenWithDispenser(nftData(), datatokenData(), {
        dispenserAddress: at('Dispenser'),
        maxTokens: '2',
        maxBalance: '2',
        withMint: true,
        allowedSwapper: AddressZero,
      }),
    );
    expect(await datatokens.getDispensers(dispensing.datatoken)).toEqual([at('Dispenser')]);

    const selling = await created(
      await factory.createNftWithDatatokenWithFixedRate(nftData(), datatokenData(), {
        fixedRateAddress: at('FixedPrice'),
        baseTokenAddress: at('Ocean'),
        owner: me,
        marketFeeCollector: me,
        baseTokenDecimals: 18,
        datatokenDecimals: 18,
        fixedRate: '2',
        marketFee: '0.01',
        allowedConsumer: AddressZero,
        withMint: true,
      }),
    );
    expect(await new FixedRateExchange(at('FixedPrice'), owner, 8996).getRate(selling.exchangeId)).toBe('2.0');
    const added = [await factory.getCurrentNFTCount(), await factory.getCurrentTokenCount()].map(Number);
    expect(added).toEqual([(nfts ?? 0) + 3, (tokens ?? 0) + 3]);
  });

  test('its owner adds templates, and switches them off and on', async () => {
    const factory = new NftFactory(at('ERC721Factory'), owner, 8996);
    const [nfts, tokens] = [
      await factory.getCurrentNFTTemplateCount(),
      await factory.getCurrentTokenTemplateCount(),
    ].map(Number);
    const { templateAddress } = await factory.getTokenTemplate(1);
    const nftTemplate = (await factory.getNFTTemplate(1)).templateAddress;
    await factory.addTokenTemplate(me, templateAddress);
    await factory.addNFTTemplate(me, nftTemplate);
    expect(Number(await factory.getCurrentTokenTemplateCount())).toBe((tokens ?? 0) + 1);
    const index = Number(await factory.getCurrentNFTTemplateCount());
    expect(index).toBe((nfts ?? 0) + 1);
    await factory.disableNFTTemplate(me, index);
    expect((await factory.getNFTTemplate(index)).isActive).toBe(false);
    await factory.reactivateNFTTemplate(me, index);
    expect((await factory.getNFTTemplate(index)).isActive).toBe(true);
    await expect(factory.addTokenTemplate(other, templateAddress)).rejects.toThrow('not Factory Owner');
  });

  test('a fixed rate tells its supplies, fees and owner, and its fees are changed and collected', async () => {
    const factory = new NftFactory(at('ERC721Factory'), owner, 8996);
    const made = await created(
      await factory.createNftWithDatatokenWithFixedRate(nftData(), datatokenData(), {
        fixedRateAddress: at('FixedPrice'),
        baseTokenAddress: at('Ocean'),
        owner: me,
        marketFeeCollector: me,
        baseTokenDecimals: 18,
        datatokenDecimals: 18,
        fixedRate: '10',
        marketFee: '0.1',
        withMint: true,
      }),
    );
    const id = made.exchangeId;
    const exchange = new FixedRateExchange(at('FixedPrice'), owner, 8996);
    const asBuyer = new FixedRateExchange(at('FixedPrice'), buyer, 8996);
    expect(await exchange.getExchanges()).toContain(id);
    expect(Number(await exchange.getNumberOfExchanges())).toBeGreaterThan(0);
    expect(await exchange.getAllowedSwapper(id)).toBe(AddressZero);
    expect(await exchange.getExchangeOwner(id)).toBe(me);
    expect(await exchange.getRouter()).toBe(at('Router'));
    expect((await exchange.getFeesInfo(id)).marketFee).toBe('0.1');
    await exchange.deactivateMint(id);
    expect(Number(await exchange.getDatatokenSupply(id))).toBe(0);
    await exchange.activateMint(id);
    expect(Number(await exchange.getDatatokenSupply(id))).toBeGreaterThan(0);

    await oceanJs.approveWei(
      buyer,
      exchange.config,
      other,
      at('Ocean'),
      at('FixedPrice'),
      parseUnits('100').toString(),
    );
    expect(Number(await oceanJs.allowance(buyer, at('Ocean'), other, at('FixedPrice')))).toBe(100);
    expect(String(await oceanJs.allowanceWei(buyer, at('Ocean'), other, at('FixedPrice')))).toBe(`1${'0'.repeat(20)}`);
    await asBuyer.buyDatatokens(id, '1', '12');
    expect(Number(await exchange.getAmountBasetokensOut(id, '1'))).toBeGreaterThan(8);
    expect(Number(await exchange.getBasetokenSupply(id))).toBeGreaterThanOrEqual(10);
    expect((await exchange.getFeesInfo(id)).marketFeeAvailable).toBe('1.0');
    await exchange.collectMarketFee(id);
    await exchange.collectOceanFee(id);
    expect(await exchange.getFeesInfo(id)).toMatchObject({ marketFeeAvailable: '0.0', oceanFeeAvailable: '0.0' });
    await exchange.updateMarketFee(id, '0.02');
    await exchange.updateMarketFeeCollector(id, other);
    expect(await exchange.getFeesInfo(id)).toMatchObject({ marketFee: '0.02', marketFeeCollector: other });
  });

  test('a dispenser is for one account alone, and gives back what was put into it', async () => {
    const factory = new NftFactory(at('ERC721Factory'), owner, 8996);
    const { datatoken } = await created(
      await factory.createNftWithDatatokenWithDispenser(nftData(), datatokenData(), {
        dispenserAddress: at('Dispenser'),
        maxTokens: '2',
        maxBalance: '2',
        withMint: false,
        allowedSwapper: AddressZero,
      }),
    );
    const dispenser = new Dispenser(at('Dispenser'), owner, 8996);
    const datatokens = new Datatoken(owner, 8996);
    await datatokens.mint(datatoken, me, '5');
    await datatokens.transferWei(datatoken, at('Dispenser'), parseUnits('5').toString());
    expect((await dispenser.status(datatoken)).balance).toBe('5.0');
    await dispenser.setAllowedSwapper(datatoken, me);
    expect((await dispenser.status(datatoken)).allowedSwapper).toBe(me);
    const refused = dispenser.create(datatoken, me, '1', '1', AddressZero);
    await expect(refused).rejects.toThrow('only router');
    await dispenser.ownerWithdraw(datatoken);
    expect([(await dispenser.status(datatoken)).balance, await datatokens.balance(datatoken, me)]).toEqual([
      '0.0',
      '5.0',
    ]);
  });

  test('a datatoken’s publishing market takes a fee', async () => {
    const factory = new NftFactory(at('ERC721Factory'), owner, 8996);
    const { datatoken } = await created(
      await factory.createNftWithDatatoken(nftData(), { ...datatokenData(), mpFeeAddress: me, feeToken: at('Ocean') }),
    );
    const datatokens = new Datatoken(owner, 8996);
    await datatokens.setPublishingMarketFee(datatoken, other, at('Ocean'), '3', me);
    expect(await datatokens.getPublishingMarketFee(datatoken)).toMatchObject({
      publishMarketFeeAddress: other,
      publishMarketFeeAmount: '3',
    });
  });

  test('the router approves tokens and markets, and sets the community’s fees', async () => {
    const router = new Router(at('Router'), owner, 8996);
    expect(await router.getOwner()).toBe(me);
    expect(await router.getNFTFactory()).toBe(at('ERC721Factory'));
    expect(await router.isFixedPrice(at('FixedPrice'))).toBe(true);
    await router.addApprovedToken(me, other);
    expect(await router.isApprovedToken(other)).toBe(true);
    await router.removeApprovedToken(me, other);
    expect(await router.isApprovedToken(other)).toBe(false);
    await router.addFixedRateContract(me, other);
    expect(await router.isFixedPrice(other)).toBe(true);
    await router.removeFixedRateContract(me, other);
    expect(await router.isFixedPrice(other)).toBe(false);
    await router.addDispenserContract(me, other);
    await router.removeDispenserContract(me, other);
    const before = Number(await router.getCurrentOPCFee());
    await router.updateOPCFee(me, 2e15, 3e15, 1, 0);
    expect(Number(await router.getOPCFee(at('Ocean')))).toBe(2e15);
    expect(Number(await router.getCurrentOPCFee())).not.toBe(before);
  });

  test('access lists are made, filled and emptied', async () => {
    const { accessListFactory } = new Datatoken(owner, 8996).config;
    const factory = new oceanJs.AccesslistFactory(accessListFactory ?? '', owner, 8996);
    const address = await factory.deployAccessListContract('Lab', 'LAB', ['uri'], false, me, [other]);
    expect(await factory.isDeployed(address)).toBe(true);
    expect(await factory.isSoulbound(address)).toBe(true);
    expect(await factory.getOwner()).toBe(me);
    const list = new oceanJs.AccessListContract(address, owner, 8996);
    expect([await list.getName(), await list.getSymbol(), await list.getOwner()]).toEqual(['Lab', 'LAB', me]);
    await list.mint(me, 'mine');
    await list.batchMint([me], ['again']);
    expect(await list.getTokenUri(1)).toBe('uri');
    expect(Number(await list.balance(me))).toBeGreaterThan(0);
    await list.burn(2);
    await list.transferOwnership(other);
    expect(await list.getOwner()).toBe(other);
    const made = (await oceanJs.createAccessListFactory(accessListFactory ?? '', owner, [other])) as string;
    expect(await factory.isDeployed(made)).toBe(true);
    const second = new oceanJs.AccessListContract(made, owner, 8996);
    await second.renounceOwnership();
    expect(await second.getOwner()).toBe(AddressZero);
    await factory.changeTemplateAddress(me, made);
  });

  test('the helpers convert, name, price and sign', async () => {
    const ten = parseUnits('10').toString();
    expect(await oceanJs.amountToUnits(owner, at('Ocean'), '10')).toBe(ten);
    expect(await oceanJs.unitsToAmount(owner, at('Ocean'), ten)).toBe('10.0');
    expect([await oceanJs.decimals(owner, at('Ocean')), await oceanJs.getTokenDecimals(owner, at('Ocean'))]).toEqual([
      18, 18,
    ]);
    expect(oceanJs.generateDtName()).toEqual({ name: expect.any(String), symbol: expect.any(String) });
    expect(oceanJs.useOasisSDK(8996)).toBe(false);
    expect(Number(await oceanJs.getFairGasPrice(owner, 2))).toBeGreaterThan(0);
    const hash = ethers.utils.id('text');
    expect(
      ethers.utils.verifyMessage(ethers.utils.arrayify(hash), (await oceanJs.signHash(owner, hash)) as never),
    ).toBe(me);
  });
}
