import type { ProviderFee } from '../../core/protocol/provider-fee.ts';
import { toHex } from '../../core/protocol/hashing.ts';
import type { Signer } from '../signer.ts';

/**
 * What an environment costs: whole seconds times the price per minute, in the fee token's smallest unit, rounded down.
 * In integers from the price's decimal text on: the classic formula dropped whole days and counted in floats (P4).
 */
export function computeFeeAmount(seconds: number, pricePerMinute: number, decimals: number): bigint {
  if (seconds <= 0 || pricePerMinute <= 0) return 0n;
  const { digits, scale } = decimalOf(pricePerMinute);
  const numerator = BigInt(Math.floor(seconds)) * digits * 10n ** BigInt(decimals);
  const denominator = 60n * 10n ** BigInt(scale);
  return numerator / denominator;
}

/** A finite number as digits and a power of ten: 0.35 is 35 and 2. */
function decimalOf(value: number): { digits: bigint; scale: number } {
  const [mantissa = '0', exponent = '0'] = value.toString().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

export interface FeeQuote {
  readonly feeToken: string;
  readonly amount: bigint;
  /** Unix seconds; 0 = no end. */
  readonly validUntil: number;
  readonly environment: string | null;
  readonly datatoken: string;
  readonly serviceId: string;
  /** Unix seconds. */
  readonly quotedAt: number;
  /** Whether this quote is the one of its job that pays for the environment. */
  readonly paysEnvironment: boolean;
}

/**
 * Signs a quote. `pays` stands beside the four classic keys, so that a zero that pays (a free environment) and a zero
 * beside another element's fee stay apart, whatever the price is by the time the job starts.
 */
export function signQuote(quote: FeeQuote, signer: Signer): Promise<ProviderFee> {
  const data = {
    environment: quote.environment,
    timestamp: quote.quotedAt,
    dt: quote.datatoken,
    id: quote.serviceId,
    ...(quote.environment === null ? {} : { pays: quote.paysEnvironment }),
  };
  return signer.signFee({
    providerFeeAddress: signer.address,
    providerFeeToken: quote.feeToken,
    providerFeeAmount: quote.amount,
    validUntil: quote.validUntil,
    providerData: toHex(Buffer.from(JSON.stringify(data), 'utf8')),
  });
}
