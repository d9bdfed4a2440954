import { fromHex, keccak, toHex } from './hashing.ts';
import type { SignatureParts } from './signing.ts';
import { personalDigest, signDigest } from './signing.ts';

/** As the Provider quotes it and the datatoken contract takes it. Amounts are decimal strings in the fee token's smallest unit. */
export interface ProviderFee extends SignatureParts {
  readonly providerFeeAddress: string;
  readonly providerFeeToken: string;
  readonly providerFeeAmount: string;
  /** 0x hex of the UTF-8 JSON `ProviderFeeData`. */
  readonly providerData: string;
  /** Unix seconds; 0 means no end. */
  readonly validUntil: number;
}

/** What a fee was signed for. Key order matters to nobody but the vectors: environment, timestamp, dt, id. */
export interface ProviderFeeData {
  readonly environment: string | null;
  /** Unix seconds, may have a fraction. */
  readonly timestamp: number;
  readonly dt: string;
  readonly id: string;
}

export interface UnsignedProviderFee {
  readonly providerFeeAddress: string;
  readonly providerFeeToken: string;
  readonly providerFeeAmount: bigint;
  readonly validUntil: number;
  readonly providerData: string;
}

export function encodeProviderFeeData(data: ProviderFeeData): string {
  const { environment, timestamp, dt, id } = data;
  return toHex(Buffer.from(JSON.stringify({ environment, timestamp, dt, id }), 'utf8'));
}

/** undefined when the bytes are no such JSON: anybody can put any bytes on the chain. */
export function decodeProviderFeeData(providerData: string): ProviderFeeData | undefined {
  try {
    const parsed = JSON.parse(Buffer.from(fromHex(providerData)).toString('utf8')) as Partial<ProviderFeeData> | null;
    if (!parsed || typeof parsed.dt !== 'string' || typeof parsed.id !== 'string') return undefined;
    return {
      environment: typeof parsed.environment === 'string' ? parsed.environment : null,
      timestamp: Number(parsed.timestamp ?? 0),
      dt: parsed.dt,
      id: parsed.id,
    };
  } catch {
    return undefined;
  }
}

/** keccak over the packed fields; the contract signs and checks its personal digest. */
export function providerFeeInnerHash(fee: UnsignedProviderFee): Uint8Array {
  return keccak(
    Buffer.concat([
      fromHex(fee.providerData),
      fromHex(fee.providerFeeAddress),
      fromHex(fee.providerFeeToken),
      uint256(fee.providerFeeAmount),
      uint256(BigInt(fee.validUntil)),
    ]),
  );
}

export function providerFeeDigest(fee: UnsignedProviderFee): Uint8Array {
  return personalDigest(providerFeeInnerHash(fee));
}

export function signProviderFee(fee: UnsignedProviderFee, privateKey: string): ProviderFee {
  return {
    ...fee,
    providerFeeAmount: fee.providerFeeAmount.toString(),
    ...signDigest(providerFeeDigest(fee), privateKey),
  };
}

function uint256(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0'));
}
