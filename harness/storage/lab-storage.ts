import type { Client } from 'minio';
import type { RunningObjectStorage } from './object-storage.ts';

export interface BucketUser {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** The object storage of a testbed: the same face for every backend. */
export interface LabStorage {
  readonly s3: RunningObjectStorage;
  /** Sees and may do everything; products get the users below. */
  readonly admin: Client;
  /** `BUCKET`, or `BUCKET/PREFIX` in one that others use too. */
  readonly buckets: { readonly results: string; readonly adminLogs: string };
  readonly broker: BucketUser;
  readonly operatorService: BucketUser;
}

export type BucketRole = 'results' | 'adminLogs';

/** What a product may do in a bucket, in the terms of S3's policies. */
export interface BucketGrant {
  readonly bucket: BucketRole;
  readonly actions: readonly S3Action[];
}

export type S3Action = (typeof WRITE)[number] | (typeof READ)[number];

const WRITE = [
  's3:GetObject',
  's3:PutObject',
  's3:DeleteObject',
  's3:ListBucket',
  's3:GetBucketLocation',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
  's3:ListBucketMultipartUploads',
] as const;
const READ = ['s3:GetObject', 's3:DeleteObject', 's3:ListBucket', 's3:GetBucketLocation'] as const;

/** Just what each needs, and the same in every backend. */
export const BROKER_GRANTS: readonly BucketGrant[] = [
  { bucket: 'results', actions: WRITE },
  { bucket: 'adminLogs', actions: WRITE },
];
/** The Operator Service hands out results and removes those of deleted jobs; it writes none. */
export const OPERATOR_SERVICE_GRANTS: readonly BucketGrant[] = [
  { bucket: 'results', actions: [...READ, 's3:AbortMultipartUpload', 's3:ListBucketMultipartUploads'] },
  { bucket: 'adminLogs', actions: ['s3:ListBucket', 's3:DeleteObject', 's3:GetBucketLocation'] },
];
