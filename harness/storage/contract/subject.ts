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
}

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
