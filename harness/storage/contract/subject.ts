import { createHash } from 'node:crypto';
import type { Client } from 'minio';
import type { RunningObjectStorage } from '../object-storage.ts';

/** Where services that call themselves S3 differ. A check that needs what a backend lacks is skipped with its reason. */
export interface ObjectStorageCapabilities {
  /** Chunks under 8 KiB that are not the last are refused, as Amazon does. */
  readonly enforcesSmallestChunk: boolean;
  /** ACLs, policies, versions, tags … answer NotImplemented. A server that has them says false. */
  readonly refusesOtherSubresources: boolean;
  /** Query parameters that mean nothing are refused. Amazon ignores them. */
  readonly refusesUnknownParameters: boolean;
  /** Headers of S3's own that nobody signed are refused, as Amazon does. */
  readonly wantsOwnHeadersSigned: boolean;
  /** Keys are bytes and nothing else, as with Amazon: `a/../b`, `a//b` and `./a` are three of them. */
  readonly takesEveryKey: boolean;
  /** A part that was copied has a checksum, as with Amazon. */
  readonly checksumsCopiedParts: boolean;
  /** A tag that differs makes If-Modified-Since of no account, as RFC 9110 has it. */
  readonly tagsOutrankDates: boolean;
  /** What is answered where services disagree. */
  readonly codes: DisputedCodes;
}

export interface DisputedCodes {
  /** A checksum of other bytes. */
  readonly checksumMismatch: string;
  /** CompleteMultipartUpload without a part. */
  readonly emptyPartList: string;
  /** A part number that is below 1 or no number. */
  readonly badPartNumber: string;
  /** A method that S3 does not have. */
  readonly unknownMethod: { readonly status: number; readonly code: string };
}

/** Everything as Amazon's own service has it. */
export const AS_AMAZON: Omit<ObjectStorageCapabilities, 'refusesOtherSubresources' | 'refusesUnknownParameters'> = {
  enforcesSmallestChunk: true,
  wantsOwnHeadersSigned: true,
  takesEveryKey: true,
  checksumsCopiedParts: true,
  tagsOutrankDates: true,
  codes: {
    checksumMismatch: 'BadDigest',
    emptyPartList: 'MalformedXML',
    badPartNumber: 'InvalidArgument',
    unknownMethod: { status: 405, code: 'MethodNotAllowed' },
  },
};

/** What each group of the contract gets: the running service, and a fresh bucket for every test. */
export interface ContractSubject {
  readonly storage: () => RunningObjectStorage;
  readonly capabilities: ObjectStorageCapabilities;
  readonly minio: () => Client;
  readonly freshBucket: () => Promise<string>;
}

export function md5Hex(data: Buffer | string): string {
  return createHash('md5').update(data).digest('hex');
}
