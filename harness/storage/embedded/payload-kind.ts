import { S3Error } from './errors.ts';

/** How the sender protects the body, from the x-amz-content-sha256 header. */
export type PayloadKind =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'hashed'; readonly sha256: string }
  | { readonly kind: 'chunked'; readonly isSigned: boolean; readonly hasTrailer: boolean };

/** @throws S3Error InvalidArgument, NotImplemented (asymmetric signatures) */
export function parsePayloadKind(value: string): PayloadKind {
  if (/^[0-9a-f]{64}$/.test(value)) return { kind: 'hashed', sha256: value };
  switch (value) {
    case 'UNSIGNED-PAYLOAD':
      return { kind: 'unsigned' };
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      return { kind: 'chunked', isSigned: true, hasTrailer: false };
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return { kind: 'chunked', isSigned: true, hasTrailer: true };
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return { kind: 'chunked', isSigned: false, hasTrailer: true };
  }
  if (value.startsWith('STREAMING-AWS4-ECDSA-')) {
    throw new S3Error('NotImplemented', 'Asymmetric signatures are not implemented.');
  }
  throw new S3Error(
    'InvalidArgument',
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING value or a SHA-256 in hex.',
    {
      facts: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: value },
    },
  );
}
