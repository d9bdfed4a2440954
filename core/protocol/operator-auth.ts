import { checksumAddress } from './address.ts';
import { sha256Hex } from './hashing.ts';
import { isMessageSignedBy, signMessage } from './signing.ts';

/**
 * How a Provider proves itself to an Operator Service. The classic pair signed other bytes than it verified, so that
 * nobody was ever authenticated; here one function builds the text for both sides, and it binds all of the request.
 */
export interface OperatorRequest {
  readonly method: string;
  /** Path and query as on the request line. */
  readonly target: string;
  /** The exact body bytes; empty for none. */
  readonly body: string;
  /** Strictly rising per Provider; decimal digits (microseconds since the epoch fit below 2^53). */
  readonly nonce: string;
}

export const OPERATOR_AUTH_HEADERS = {
  address: 'x-provider-address',
  nonce: 'x-provider-nonce',
  signature: 'x-provider-signature',
} as const;

function messageFor(request: OperatorRequest): string {
  return [
    'wavetank operator request',
    request.method.toUpperCase(),
    request.target,
    sha256Hex(request.body),
    request.nonce,
  ].join('\n');
}

export function signOperatorRequest(
  request: OperatorRequest,
  privateKey: string,
  address: string,
): Record<string, string> {
  return {
    [OPERATOR_AUTH_HEADERS.address]: checksumAddress(address),
    [OPERATOR_AUTH_HEADERS.nonce]: request.nonce,
    [OPERATOR_AUTH_HEADERS.signature]: signMessage(messageFor(request), privateKey),
  };
}

/** True when `address` signed exactly this request. The nonce's freshness is the caller's to check. */
export function isSignedBy(request: OperatorRequest, signature: string, address: string): boolean {
  return isMessageSignedBy(messageFor(request), signature, address);
}
