import { ONE_DATATOKEN } from '../../contracts/ocean-contracts.ts';
import type { Answer } from '../scenario/checks.ts';
import type { Account } from './account.ts';
import type { PublishedAsset } from './assets.ts';
import type { OrderQuote } from './consumer.ts';

/** What an account pays with, over JSON-RPC. Answers are transaction hashes. */
export interface Payments {
  buyDatatoken(asset: PublishedAsset, amount?: number): Promise<Answer<string>>;
  /** Pays what the quote asks for; the answer is the transaction to name. */
  pay(asset: PublishedAsset, quote: OrderQuote, consumer: string, serviceIndex: number): Promise<Answer<string>>;
  /** The same, with a datatoken bought first where one is needed and missing. */
  buyAndPay(asset: PublishedAsset, quote: OrderQuote, consumer: string, serviceIndex: number): Promise<Answer<string>>;
}

const NO_LIMIT = 2n ** 256n - 1n;

export function createPayments(account: Account): Payments {
  const allowed = new Set<string>();

  /** Once per token and spender, for good: a wallet's usual "approve unlimited". */
  async function allow(token: string, spender: string): Promise<Answer<string>> {
    const key = `${token} ${spender}`;
    if (allowed.has(key)) return { ok: true, value: '' };
    const answer = hashOf(await account.transact((ocean) => ocean.approve(token, spender, NO_LIMIT)));
    if (answer.ok) allowed.add(key);
    return answer;
  }

  async function buyDatatoken(asset: PublishedAsset, amount = 1): Promise<Answer<string>> {
    const { Ocean, FixedPrice } = account.addresses;
    const allowance = await allow(Ocean, FixedPrice);
    if (!allowance.ok) return allowance;
    const tokens = BigInt(amount) * ONE_DATATOKEN;
    return hashOf(await account.transact((ocean) => ocean.buyDatatokens(asset.exchangeId, NO_LIMIT, tokens)));
  }

  async function pay(
    asset: PublishedAsset,
    { providerFee, validOrder, datatoken = asset.datatoken }: OrderQuote,
    consumer: string,
    serviceIndex: number,
  ): Promise<Answer<string>> {
    if (!providerFee) return validOrder === undefined ? nothingQuoted() : { ok: true, value: validOrder };
    if (BigInt(providerFee.providerFeeAmount) > 0n) {
      const allowance = await allow(providerFee.providerFeeToken, datatoken);
      if (!allowance.ok) return allowance;
    }
    if (validOrder !== undefined)
      return hashOf(await account.transact((ocean) => ocean.reuseOrder(datatoken, validOrder, providerFee)));
    const order = { datatoken, consumer, serviceIndex, providerFee };
    return hashOf(await account.transact((ocean) => ocean.startOrder(order)));
  }

  return {
    buyDatatoken,
    pay,
    async buyAndPay(asset, quote, consumer, serviceIndex) {
      const isNewOrder = quote.providerFee !== undefined && quote.validOrder === undefined;
      if (isNewOrder && (await account.reads.balanceOf(asset.datatoken, account.address)) < ONE_DATATOKEN) {
        const bought = await buyDatatoken(asset);
        if (!bought.ok) return bought;
      }
      return pay(asset, quote, consumer, serviceIndex);
    },
  };
}

function hashOf(answer: Answer<{ readonly transactionHash: string }>): Answer<string> {
  return answer.ok ? { ok: true, value: answer.value.transactionHash } : answer;
}

function nothingQuoted(): Answer<never> {
  return { ok: false, refusal: { status: 200, code: 'QUOTE_EMPTY', message: 'The quote has neither fee nor order.' } };
}
