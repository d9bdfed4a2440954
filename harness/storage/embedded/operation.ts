import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import { S3Error } from './errors.ts';
import type { BucketEntry } from './object-index.ts';
import type { RequestBody } from './request-body.ts';
import type { Storage } from './storage.ts';
import type { Query } from './target.ts';
import type { S3Action } from '../access-policy.ts';
import type { Access, User } from './users.ts';

/** Numbers that bound what a client can make the server hold. */
export interface Limits {
  readonly objectBytes: number;
  readonly smallestPartBytes: number;
  readonly mostParts: number;
  readonly documentBytes: number;
  readonly metadataBytes: number;
  readonly buckets: number;
  readonly uploadsPerBucket: number;
}

/** The real service's, but for the numbers of buckets and uploads. */
export const S3_LIMITS: Limits = {
  objectBytes: 5 * 1024 ** 3,
  smallestPartBytes: 5 * 1024 ** 2,
  mostParts: 10_000,
  documentBytes: 2 * 1024 ** 2,
  metadataBytes: 2048,
  buckets: 1000,
  uploadsPerBucket: 10_000,
};

/** What every request of one server shares. */
export interface Service {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly region: string;
  readonly limits: Limits;
}

/** One request, authenticated and authorized, as an operation sees it. */
export interface Call extends Service {
  readonly bucket: string;
  readonly key: string;
  readonly query: Query;
  readonly headers: IncomingHttpHeaders;
  readonly body: RequestBody;
  readonly user: User;
  /** http://host:port as the client called it. */
  readonly origin: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly xml?: string;
  readonly stream?: AnswerStream;
}

/** Bytes of an answer; `release` is called once they are through or given up. */
export interface AnswerStream {
  readonly length: number;
  readonly bytes: AsyncIterable<Buffer>;
  release(): void;
}

export interface Operation {
  /** The real service's name for it. */
  readonly name: string;
  readonly method: string;
  readonly level: 'service' | 'bucket' | 'object';
  /** Query parameter and header that tell it from others of the same method and level. */
  readonly selector?: { readonly query?: string; readonly header?: string };
  readonly action: S3Action;
  /** What else it understands. Anything of Amazon's that is not listed is refused, never ignored. */
  readonly query?: readonly string[];
  /** Lower-case; a trailing `*` stands for any ending. */
  readonly headers?: readonly string[];
  readonly hasBody?: boolean;
  run(call: Call): Promise<Answer> | Answer;
}

/** @throws S3Error AccessDenied */
export function requireAccess(user: User, access: Access): void {
  if (!user.may(access)) {
    throw new S3Error('AccessDenied', `The access key ${user.accessKey} may not ${access.action} here.`);
  }
}

/** @throws S3Error NoSuchBucket */
export function existingBucket(call: Call, name = call.bucket): BucketEntry {
  const bucket = call.storage.objects.bucket(name);
  if (!bucket) throw new S3Error('NoSuchBucket', undefined, { facts: { BucketName: name } });
  return bucket;
}

/** Who may not list does not learn which keys exist: the real service answers 403 then, not 404. */
export function missingKey(call: Call, bucket: string, key: string): S3Error {
  if (!call.user.may({ action: 's3:ListBucket', bucket, key })) return new S3Error('AccessDenied');
  return new S3Error('NoSuchKey', undefined, { facts: { Key: key } });
}

/** A whole number from a query parameter. @throws S3Error InvalidArgument */
export function numberParameter(query: Query, name: string, fallback: number, most: number, least = 0): number {
  const text = query.get(name);
  if (text === undefined || text === '') return fallback;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value) || value < least || value > 2_147_483_647) {
    throw new S3Error('InvalidArgument', `The parameter ${name} is not valid.`, {
      facts: { ArgumentName: name, ArgumentValue: text },
    });
  }
  return Math.min(value, most);
}
