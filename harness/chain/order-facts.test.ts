import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Contract } from 'ethers';
import { ERC20_TEMPLATE_ABI } from '../../contracts/abi.ts';
import { OrderStarted, ProviderFee, TokenTransfer, eventsFrom } from '../../contracts/events.ts';
import { orderParties, readOrderReceipt, startedOrder } from '../../contracts/orders.ts';
import { ONE_DATATOKEN } from '../../contracts/ocean-contracts.ts';
import type { OceanLab } from './testing/ocean-lab.ts';
import { labFee, publishForConsumer, startOceanLab } from './testing/ocean-lab.ts';

/**
 * What the official bytecode does and does not check. Our access control is built on these facts: should a newer
 * release differ, this file says so first.
 */
let lab: OceanLab;

beforeAll(async () => {
  lab = await startOceanLab();
});
afterAll(() => lab.stop());

async function receiptOf(hash: string) {
  const receipt = await lab.provider.getTransactionReceipt(hash);
  if (!receipt) throw new Error('no receipt');
  return receipt;
}

async function order(fee = labFee(lab), serviceIndex = 0) {
  const { datatoken } = await publishForConsumer(lab);
  const request = { datatoken, consumer: lab.consumer.address, serviceIndex, providerFee: fee };
  const { transactionHash } = await lab.consumer.startOrder(request);
  return { datatoken, transactionHash };
}

function datatokenContract(datatoken: string): Contract {
  return new Contract(datatoken, ERC20_TEMPLATE_ABI, lab.provider);
}

describe('the official datatoken', () => {
  it('1: logs OrderStarted, then ProviderFee, then the transfers', async () => {
    const { datatoken, transactionHash } = await order();
    const { logs } = await receiptOf(transactionHash);
    const [start] = eventsFrom(logs, datatoken, OrderStarted);
    const [fee] = eventsFrom(logs, datatoken, ProviderFee);
    const [transfer] = eventsFrom(logs, datatoken, TokenTransfer);
    const places = [start, fee, transfer].map((event) => event?.logIndex);
    expect(places).toEqual([...places].toSorted((a, b) => Number(a) - Number(b)));
    expect(places).not.toContain(undefined);
  });

  it('2: moves the datatoken, 97 % to the collector and 3 % to the community, and burns nothing', async () => {
    const { datatoken, transactionHash } = await order();
    const { logs } = await receiptOf(transactionHash);
    const moved = eventsFrom(logs, datatoken, TokenTransfer).map(({ to, value }) => ({ to, value }));
    expect(moved).toEqual(
      expect.arrayContaining([
        { to: lab.publisher.address, value: (ONE_DATATOKEN * 97n) / 100n },
        { to: lab.addresses.OPFCommunityFeeCollector, value: (ONE_DATATOKEN * 3n) / 100n },
      ]),
    );
    expect(await datatokenContract(datatoken).getFunction('totalSupply')()).toBe(10n * ONE_DATATOKEN);
  });

  it('3: pays the owner of the NFT when no collector was named', async () => {
    const { datatoken } = await publishForConsumer(lab);
    expect(await datatokenContract(datatoken).getFunction('getPaymentCollector')()).toBe(lab.publisher.address);
  });

  it('4: ignores the cap that was asked for', async () => {
    const { datatoken } = await publishForConsumer(lab);
    expect(await datatokenContract(datatoken).getFunction('cap')()).toBe(2n ** 256n - 1n);
  });

  it('5: refuses a provider fee that somebody else signed, and v of 0 or 1', async () => {
    const fee = labFee(lab);
    const refused = { code: 'CHAIN_TX_REFUSED', details: { reason: 'Invalid provider fee' } };
    await expect(order({ ...fee, providerFeeAddress: lab.stranger.address })).rejects.toMatchObject(refused);
    await expect(order({ ...fee, v: (fee.v - 27) as 27 })).rejects.toMatchObject(refused);
    await expect(order(fee)).resolves.toBeDefined();
  });

  it('6: does not look at validUntil, at the start or at the reuse', async () => {
    const expired = labFee(lab, { validUntil: 1 });
    const { datatoken, transactionHash } = await order(expired);
    for (const fee of [expired, labFee(lab, { validUntil: 0 })]) {
      const reuse = await lab.consumer.reuseOrder(datatoken, transactionHash, fee);
      const receipt = await readOrderReceipt(lab.provider, reuse.transactionHash, datatoken);
      expect(receipt?.calls).toMatchObject([{ kind: 'reused', fee: { validUntil: fee.validUntil } }]);
    }
  });

  it('7: takes any service index', async () => {
    const { datatoken, transactionHash } = await order(labFee(lab), 99);
    const receipt = await readOrderReceipt(lab.provider, transactionHash, datatoken);
    expect(receipt && startedOrder(receipt, 99)?.order.serviceIndex).toBe(99n);
    expect(receipt && startedOrder(receipt, 0)).toBeUndefined();
  });

  it('8: takes a fee that was signed for another datatoken', async () => {
    const other = await publishForConsumer(lab);
    await expect(order(labFee(lab, { datatoken: other.datatoken }))).resolves.toBeDefined();
  });

  it('9: takes the same signed fee again', async () => {
    const fee = labFee(lab);
    await order(fee);
    await expect(order(fee)).resolves.toBeDefined();
  });

  it('10: lets anybody reuse any order, even one that never was', async () => {
    const { datatoken } = await publishForConsumer(lab);
    const never = `0x${'ab'.repeat(32)}`;
    const { transactionHash } = await lab.stranger.reuseOrder(datatoken, never, labFee(lab));
    const receipt = await readOrderReceipt(lab.provider, transactionHash, datatoken);
    expect(receipt?.calls).toMatchObject([
      { kind: 'reused', order: { orderTxId: never, caller: lab.stranger.address } },
    ]);
  });

  it('11: names the factory as payer of orders that were placed together', async () => {
    const [first, second] = [await publishForConsumer(lab), await publishForConsumer(lab)];
    for (const { datatoken } of [first, second])
      await lab.consumer.approve(datatoken, lab.addresses.ERC721Factory, ONE_DATATOKEN);
    const { transactionHash } = await lab.consumer.startMultipleTokenOrder(
      [first, second].map(({ datatoken }) => ({
        datatoken,
        consumer: lab.stranger.address,
        serviceIndex: 0,
        providerFee: labFee(lab, { datatoken }),
      })),
    );
    const receipt = await readOrderReceipt(lab.provider, transactionHash, second.datatoken);
    const started = receipt && startedOrder(receipt, 0);
    expect(started?.order.payer).toBe(lab.addresses.ERC721Factory);
    expect(receipt?.calls).toHaveLength(1);
    expect(receipt && started && orderParties(receipt, started.order, lab.addresses.ERC721Factory)).toEqual([
      lab.stranger.address,
      lab.addresses.ERC721Factory,
      lab.consumer.address,
    ]);
  });

  it('12: takes a positive fee only with an allowance, and pays all of it to the Provider', async () => {
    const amount = 5n * 10n ** 18n;
    const fee = labFee(lab, { amount });
    const { datatoken } = await publishForConsumer(lab);
    const request = { datatoken, consumer: lab.consumer.address, serviceIndex: 0, providerFee: fee };
    await expect(lab.consumer.startOrder(request)).rejects.toMatchObject({ code: 'CHAIN_TX_REFUSED' });
    const before = await lab.consumer.balanceOf(lab.addresses.Ocean, lab.providerAddress);
    await lab.consumer.approve(lab.addresses.Ocean, datatoken, amount);
    await lab.consumer.startOrder(request);
    expect((await lab.consumer.balanceOf(lab.addresses.Ocean, lab.providerAddress)) - before).toBe(amount);
  });
});
