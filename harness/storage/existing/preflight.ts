import type { Client } from 'minio';
import { WavetankError } from '../../../core/errors.ts';
import { isPlainRefusal, reasonOf } from './s3-account.ts';

/** What a testbed needs in a bucket. */
export const S3_ABILITIES = ['list', 'put', 'get', 'multipart', 'delete'] as const;
export type S3Ability = (typeof S3_ABILITIES)[number];

export interface PreflightFinding {
  readonly ability: S3Ability;
  /** S3's own code, or what else went wrong; undefined when it may. */
  readonly refusal: string | undefined;
}

/**
 * Tries each ability once, below `keyPrefix`, with one small object that is gone at the end. Nothing else is made before
 * it is known that all of it will work.
 */
export async function preflight(client: Client, bucket: string, keyPrefix: string): Promise<PreflightFinding[]> {
  const key = `${keyPrefix}preflight`;
  const tries: Readonly<Record<S3Ability, () => Promise<unknown>>> = {
    list: () => client.listObjectsV2(bucket, keyPrefix, true).toArray(),
    put: () => client.putObject(bucket, key, Buffer.from('wavetank')),
    get: () => readable(client, bucket, key),
    multipart: async () =>
      client.abortMultipartUpload(bucket, key, await client.initiateNewMultipartUpload(bucket, key, {})),
    delete: () => client.removeObject(bucket, key),
  };
  const findings: PreflightFinding[] = [];
  for (const ability of S3_ABILITIES) {
    try {
      await tries[ability]();
      findings.push({ ability, refusal: undefined });
    } catch (error) {
      findings.push({ ability, refusal: reasonOf(error) });
    }
  }
  return findings;
}

/** Where nothing could be put, that there is nothing is said only to who may read. */
async function readable(client: Client, bucket: string, key: string): Promise<void> {
  try {
    await (await client.getObject(bucket, key)).toArray();
  } catch (error) {
    if (reasonOf(error) !== 'NoSuchKey') throw error;
  }
}

/** Whether the tries may have left something, should they have been cut short. */
export function mayHaveWritten(findings: readonly PreflightFinding[]): boolean {
  return findings.some(
    ({ ability, refusal }) =>
      (ability === 'put' || ability === 'multipart') && (refusal === undefined || !isPlainRefusal(refusal)),
  );
}

/** @throws WavetankError S3_UNREACHABLE, S3_PREFLIGHT_FAILED (environment) naming what the account may and may not do */
export function requireAll(findings: readonly PreflightFinding[], endpoint: string, bucket: string): void {
  const reasons = new Set(findings.map(({ refusal }) => refusal));
  const [only] = reasons;
  if (reasons.size === 1 && only?.startsWith('E'))
    throw new WavetankError('S3_UNREACHABLE', `Nobody answers at ${endpoint}: ${only}.`, { category: 'environment' });
  const refused = findings.filter(({ refusal }) => refusal !== undefined);
  if (refused.length === 0) return;
  const allowed = findings.filter(({ refusal }) => refusal === undefined).map(({ ability }) => ability);
  const said = refused.map(({ ability, refusal }) => `${ability} (${refusal})`).join(', ');
  throw new WavetankError(
    'S3_PREFLIGHT_FAILED',
    `In bucket ${bucket} of ${endpoint} this account may not ${said}. It may ${allowed.join(', ') || 'nothing'}.`,
    {
      category: 'environment',
      hint: 'It needs s3:ListBucket, GetObject, PutObject, DeleteObject, AbortMultipartUpload, ListMultipartUploadParts and ListBucketMultipartUploads there.',
      details: {
        bucket,
        allowed,
        refused: Object.fromEntries(refused.map(({ ability, refusal }) => [ability, refusal])),
      },
    },
  );
}
