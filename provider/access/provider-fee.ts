import type { EventPlace } from '../../contracts/events.ts';
import type { ProviderFeeEvent } from '../../contracts/orders.ts';
import { sameAddress } from '../../core/protocol/address.ts';
import { decodeProviderFeeData, providerFeeDigest } from '../../core/protocol/provider-fee.ts';
import { fromHex } from '../../core/protocol/hashing.ts';
import { isDigestSignedBy } from '../../core/protocol/signing.ts';
import type { AssetService } from '../asset/asset.ts';
import type { Checked, Reason } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';

/** What a datatoken's event says of a fee, and what a quote offers. */
export type SignedFee = Omit<ProviderFeeEvent, keyof EventPlace>;

/** A fee that this Provider signed, as an order carries it. */
export interface CheckedFee {
  readonly environment: string | null;
  /** Unix seconds; 0 = no end. */
  readonly validUntil: number;
  readonly amount: bigint;
  /** Unix seconds of the quote. */
  readonly quotedAt: number;
  /** Whether the quote was the one that pays for the environment; undefined when it does not say (quotes of other Providers). */
  readonly paysEnvironment: boolean | undefined;
}

export interface FeeExpectation {
  /** The compute environment; undefined when the order is for a download. */
  readonly environment?: string | undefined;
  /** Unix seconds. */
  readonly now: number;
  /** Who signed it; default: this Provider. */
  readonly provider?: string;
  /** A quote asks whether an order is there at all, not whether its fee still holds. */
  readonly mayBeExpired?: boolean;
}

/**
 * Fees are checked alike for datasets, algorithms and downloads; the classic rules differed for each (P7). What was
 * signed is what was quoted: environment, datatoken, service, amount and end are all under the signature.
 */
export function checkProviderFee(
  fee: SignedFee | undefined,
  of: AssetService,
  expected: FeeExpectation,
): Checked<CheckedFee> {
  const data = fee && decodeProviderFeeData(fee.providerData);
  if (!fee || !data || !sameAddress(data.dt, of.service.datatokenAddress) || data.id !== of.service.id) {
    return feeRefusal(
      'ORDER_FEE_NOT_FOUND',
      'fee.service',
      'The order carries no provider fee for this datatoken and service.',
    );
  }
  if (!isSignedByProvider(fee, expected.provider ?? of.asset.chain.signer.address)) {
    return feeRefusal(
      'ORDER_FEE_SIGNATURE',
      'fee.signature',
      'The provider fee of the order is not signed by the Provider of the service.',
    );
  }
  if (expected.environment !== undefined && data.environment !== expected.environment) {
    return feeRefusal(
      'ORDER_FEE_ENVIRONMENT',
      'fee.environment',
      `The provider fee was quoted for ${data.environment ?? 'no environment'}.`,
    );
  }
  if (fee.validUntil !== 0 && fee.validUntil <= expected.now && expected.mayBeExpired !== true) {
    return feeRefusal('ORDER_FEE_EXPIRED', 'fee.validUntil', `The provider fee was valid until ${fee.validUntil}.`);
  }
  return passed({
    environment: data.environment,
    validUntil: fee.validUntil,
    amount: fee.providerFeeAmount,
    quotedAt: data.timestamp,
    paysEnvironment: paysEnvironmentOf(fee.providerData),
  });
}

function isSignedByProvider(fee: SignedFee, provider: string): boolean {
  if (!sameAddress(fee.providerFeeAddress, provider) || (fee.v !== 27 && fee.v !== 28)) return false;
  const signature = `0x${fee.r.slice(2)}${fee.s.slice(2)}${fee.v.toString(16)}`;
  return isDigestSignedBy(providerFeeDigest(fee), signature, provider);
}

/** Our own addition to the classic four keys; nothing but a Provider reads them. */
export function paysEnvironmentOf(providerData: string): boolean | undefined {
  try {
    const { pays } = JSON.parse(Buffer.from(fromHex(providerData)).toString('utf8')) as { pays?: unknown };
    return typeof pays === 'boolean' ? pays : undefined;
  } catch {
    return undefined; // no JSON: somebody else's quote
  }
}

function feeRefusal(code: Reason['code'], rule: string, message: string): Checked<never> {
  return refuse({ code, field: 'transferTxId', rule, message, classic: 'order_invalid' });
}
