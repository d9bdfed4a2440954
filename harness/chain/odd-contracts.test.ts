import type { Contract } from 'ethers';
import { SigningKey, hashMessage } from 'ethers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { erc20Template } from '../../contracts/abi.ts';
import { ONE_DATATOKEN } from '../../contracts/ocean-contracts.ts';
import { deployOddContract } from '../../contracts/odd-contracts.ts';
import { readDecimals } from '../../contracts/metadata.ts';
import { orderCalls, orderParties, readOrderReceipt, startedOrder } from '../../contracts/orders.ts';
import { transact } from '../../contracts/transact.ts';
import type { ProviderFee } from '../../core/protocol/provider-fee.ts';
import type { OceanLab } from './testing/ocean-lab.ts';
import { labFee, publishForConsumer, startOceanLab } from './testing/ocean-lab.ts';

let lab: OceanLab;

beforeAll(async () => {
  lab = await startOceanLab();
});
afterAll(() => lab.stop());

function feeTuple(fee: ProviderFee): unknown[] {
  const { providerFeeAddress, providerFeeToken, providerFeeAmount, v, r, s, validUntil, providerData } = fee;
  return [providerFeeAddress, providerFeeToken, providerFeeAmount, v, r, s, validUntil, providerData];
}

const NO_MARKET_FEE = [`0x${'0'.repeat(40)}`, `0x${'0'.repeat(40)}`, 0n];

describe('order events of a contract that is not the datatoken', () => {
  let forged: Contract & { readonly target: string };

  beforeAll(async () => {
    forged = await deployOddContract('ForgedDatatoken', lab.stranger.wallet);
  });

  it('do not exist for the datatoken, though they decode perfectly', async () => {
    const { datatoken } = await publishForConsumer(lab);
    const args = [lab.stranger.address, 0, feeTuple(labFee(lab, { datatoken }))];
    const { hash } = await transact(forged, 'forgeOrder', args);
    const asSeenByVictim = await readOrderReceipt(lab.provider, hash, datatoken);
    expect(asSeenByVictim).toMatchObject({ isSuccessful: true, calls: [] });
    const asSeenByForger = await readOrderReceipt(lab.provider, hash, forged.target);
    expect(asSeenByForger && startedOrder(asSeenByForger, 0)?.order.consumer).toBe(lab.stranger.address);
  });

  it("do not exist for it when they are real orders of the attacker's own free datatoken, with a fee signed for the victim's", async () => {
    const victim = await publishForConsumer(lab);
    const own = await publishForConsumer(lab);
    const request = { datatoken: own.datatoken, consumer: lab.consumer.address, serviceIndex: 0 };
    const providerFee = labFee(lab, { datatoken: victim.datatoken });
    const { transactionHash } = await lab.consumer.startOrder({ ...request, providerFee });
    expect((await readOrderReceipt(lab.provider, transactionHash, victim.datatoken))?.calls).toEqual([]);
    expect((await readOrderReceipt(lab.provider, transactionHash, own.datatoken))?.calls).toHaveLength(1);
  });
});

describe('a failed order', () => {
  it('has a receipt, and no calls', async () => {
    const { datatoken } = await publishForConsumer(lab);
    const args = [lab.stranger.address, 0, feeTuple(labFee(lab)), NO_MARKET_FEE];
    const data = erc20Template.encodeFunctionData('startOrder', args);
    const sent = await lab.stranger.wallet.sendTransaction({ to: datatoken, data, gasLimit: 1_000_000 });
    await expect(sent.wait()).rejects.toMatchObject({ code: 'CALL_EXCEPTION' });
    expect(await readOrderReceipt(lab.provider, sent.hash, datatoken)).toMatchObject({
      isSuccessful: false,
      calls: [],
    });
  });

  it('is undefined while the chain does not know the transaction', async () => {
    const { datatoken } = await publishForConsumer(lab);
    expect(await readOrderReceipt(lab.provider, `0x${'12'.repeat(32)}`, datatoken)).toBeUndefined();
  });
});

describe('odd counterparts', () => {
  it('a fee-on-transfer token hands over less than was sent, so a fee paid in it cannot be passed on', async () => {
    const token = await deployOddContract('FeeOnTransferToken', lab.stranger.wallet);
    await transact(token, 'mint', [lab.consumer.address, 1_000n]);
    await lab.consumer.transfer(token.target, lab.stranger.address, 100n);
    expect(await lab.stranger.balanceOf(token.target, lab.stranger.address)).toBe(99n);
    const { datatoken } = await publishForConsumer(lab);
    await lab.consumer.approve(token.target, datatoken, 500n);
    const providerFee = labFee(lab, { token: token.target, amount: 500n });
    const order = { datatoken, consumer: lab.consumer.address, serviceIndex: 0, providerFee };
    await expect(lab.consumer.startOrder(order)).rejects.toMatchObject({ code: 'CHAIN_TX_REFUSED' });
  });

  it('a re-entrant fee token cannot slip a second call of the datatoken into an order', async () => {
    const token = await deployOddContract('ReentrantToken', lab.stranger.wallet);
    const { datatoken } = await publishForConsumer(lab);
    await transact(token, 'mint', [lab.consumer.address, 100n]);
    await lab.consumer.approve(token.target, datatoken, 100n);
    const second = erc20Template.encodeFunctionData('reuseOrder', [`0x${'cd'.repeat(32)}`, feeTuple(labFee(lab))]);
    await transact(token, 'arm', [datatoken, second]);
    const providerFee = labFee(lab, { token: token.target, amount: 100n });
    const order = { datatoken, consumer: lab.consumer.address, serviceIndex: 0, providerFee };
    const { transactionHash } = await lab.consumer.startOrder(order);
    const receipt = await lab.provider.getTransactionReceipt(transactionHash);
    const reentered = receipt?.logs
      .map((log) => token.interface.parseLog(log))
      .find((log) => log?.name === 'Reentered');
    expect(reentered?.args.success).toBe(false);
    const calls = orderCalls(receipt?.logs ?? [], datatoken);
    expect(calls).toMatchObject([{ kind: 'started', fee: { providerFeeAmount: 100n } }]);
  });

  it('a contract wallet orders as payer, and its owner signs for it by ERC-1271', async () => {
    const wallet = await deployOddContract('ContractWallet', lab.stranger.wallet, [lab.consumer.address]);
    const asConsumer = wallet.connect(lab.consumer.wallet) as Contract;
    const { datatoken } = await publishForConsumer(lab);
    await lab.publisher.mint(datatoken, wallet.target, ONE_DATATOKEN);
    const args = [lab.stranger.address, 0, feeTuple(labFee(lab, { datatoken })), NO_MARKET_FEE];
    const data = erc20Template.encodeFunctionData('startOrder', args);
    const { hash } = await transact(asConsumer, 'execute', [datatoken, 0n, data]);
    const receipt = await readOrderReceipt(lab.provider, hash, datatoken);
    const started = receipt && startedOrder(receipt, 0);
    expect(started?.order.payer).toBe(wallet.target);
    const parties = receipt && started && orderParties(receipt, started.order, lab.addresses.ERC721Factory);
    expect(parties).toEqual([lab.stranger.address, wallet.target]);

    const digest = hashMessage('a message');
    const ask = wallet.getFunction('isValidSignature');
    const signedBy = (key: string): string => new SigningKey(key).sign(digest).serialized;
    expect(await ask(digest, signedBy(lab.consumer.privateKey))).toBe('0x1626ba7e');
    expect(await ask(digest, signedBy(lab.stranger.privateKey))).toBe('0xffffffff');
    expect(await ask(digest, '0x1234')).toBe('0xffffffff');
    const byStranger = wallet.connect(lab.stranger.wallet) as Contract;
    await expect(transact(byStranger, 'execute', [datatoken, 0n, data])).rejects.toMatchObject({
      code: 'CHAIN_TX_REFUSED',
    });
  });

  it('a plain token has the decimals that it was given', async () => {
    const token = await deployOddContract('PlainToken', lab.stranger.wallet, ['US Dollar', 'USD', 6]);
    expect(await readDecimals(lab.provider, token.target)).toBe(6);
    expect(await readDecimals(lab.provider, lab.addresses.Ocean)).toBe(18);
  });
});
