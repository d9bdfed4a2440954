import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc64Nvme, crc32c } from './crc.ts';
import { S3Error } from './errors.ts';

/** The checksum algorithms of the x-amz-checksum-* headers, by their name in headers; XML and x-amz-checksum-algorithm use capitals. */
export const CHECKSUM_ALGORITHMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

/** A checksum that travels: base64 of the big-endian bytes. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string;
}

const LENGTHS: Readonly<Record<ChecksumAlgorithm, number>> = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  sha1: 20,
  sha256: 32,
};

export interface Digester {
  update(chunk: Buffer): void;
  digest(): Buffer;
}

export function createDigester(algorithm: ChecksumAlgorithm | 'md5'): Digester {
  switch (algorithm) {
    case 'crc32':
      return crc32Digester(crc32);
    case 'crc32c':
      return crc32Digester(crc32c);
    case 'crc64nvme':
      return new Crc64Nvme();
    default:
      return createHash(algorithm);
  }
}

function crc32Digester(step: (chunk: Buffer, previous: number) => number): Digester {
  let value = 0;
  return {
    update(chunk) {
      value = step(chunk, value);
    },
    digest() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    },
  };
}

/** @throws S3Error InvalidRequest for a name that is no checksum's */
export function parseChecksumAlgorithm(name: string): ChecksumAlgorithm {
  const found = CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === name.toLowerCase());
  if (!found)
    throw new S3Error(
      'InvalidRequest',
      'The checksum algorithm is unsupported. Valid are CRC32, CRC32C, CRC64NVME, SHA1 and SHA256.',
    );
  return found;
}

/** @throws S3Error InvalidRequest when the value is no checksum of that algorithm */
export function parseChecksum(algorithm: ChecksumAlgorithm, value: string): Checksum {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length !== LENGTHS[algorithm] || bytes.toString('base64') !== value) {
    throw new S3Error('InvalidRequest', `Value for x-amz-checksum-${algorithm} header is invalid.`);
  }
  return { algorithm, value };
}

/** `x-amz-checksum-crc32` gives crc32; undefined for other headers. */
export function algorithmOfHeader(header: string): ChecksumAlgorithm | undefined {
  return CHECKSUM_ALGORITHMS.find((algorithm) => header.toLowerCase() === `x-amz-checksum-${algorithm}`);
}

/** The element name in XML: ChecksumCRC32 and so on. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm.toUpperCase()}`;
}
