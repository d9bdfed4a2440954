import type { Client } from 'minio';
import type { Entropy } from '../../../core/entropy.ts';
import { randomHex } from '../../../core/entropy.ts';
import { WavetankError } from '../../../core/errors.ts';
import type { Logger } from '../../../core/log.ts';
import type { Net } from '../../../core/net.ts';
import { runningResource } from '../../../core/resource.ts';
import { placeOf } from '../../../engine/archive/place.ts';
import { journalLeftover } from '../leftovers.ts';
import type { RunningObjectStorage } from '../object-storage.ts';
import { adminClient } from '../s3-client.ts';
import { mayHaveWritten, preflight, requireAll } from './preflight.ts';
import type { S3Keys } from './s3-account.ts';
import { isPlainRefusal, reasonOf } from './s3-account.ts';
import type { ExistingTraces } from './traces.ts';
import { removeTraces } from './traces.ts';

export interface ExistingS3Options {
  readonly entropy: Entropy;
  readonly net: Net;
  readonly log: Logger;
  /** http(s)://host[:port]. */
  readonly url: string;
  readonly region: string;
  readonly keys: S3Keys;
  /** One that is there: everything then lies below a prefix of its own. Absent: two buckets are made and removed again. */
  readonly bucket: string | undefined;
  readonly instance: string;
  readonly stateRoot: string;
}

/** A part of somebody's S3 that is ours for a while. */
export interface RunningExistingS3 extends RunningObjectStorage {
  readonly backend: 'existing';
  readonly client: Client;
  /** `BUCKET`, or `BUCKET/PREFIX` in one that was there before. */
  readonly buckets: { readonly results: string; readonly adminLogs: string };
}

/**
 * Takes a place in an S3 that is there. First tries what the account may do in it; `stop` removes what was put there, and nothing else.
 * @throws WavetankError S3_UNREACHABLE, S3_PREFLIGHT_FAILED, S3_BUCKET_NOT_MADE (environment)
 */
export async function startExistingS3(options: ExistingS3Options): Promise<RunningExistingS3> {
  const { url, region, keys, entropy, net, log } = options;
  const { accessKey, secretKey } = keys;
  const account = { endpoint: url.replace(/\/+$/, ''), region, accessKey, secretKey };
  const client = await adminClient(account, net);
  // Nobody else has a name with it, so that whatever bears it is ours to remove.
  const name = `wavetank-${options.instance}-${randomHex(entropy, 4)}`;
  const place = options.bucket === undefined ? ownBuckets(name) : placeIn(options.bucket, name);
  const traces: ExistingTraces = { endpoint: account.endpoint, region, ...place.traces };
  const journal = journalLeftover(options.stateRoot, { kind: 'existing', instance: options.instance, traces });
  const stop = async (): Promise<void> => {
    await removeTraces(traces, keys);
    journal.close();
  };
  let isTouched = false;
  const touched = (): void => void (isTouched = true);
  try {
    if (options.bucket === undefined) await makeBuckets(client, traces, touched);
    for (const text of Object.values(place.buckets)) {
      const { bucket, prefix } = placeOf(text);
      const findings = await preflight(client, bucket, prefix);
      if (mayHaveWritten(findings)) touched();
      requireAll(findings, account.endpoint, text);
    }
  } catch (error) {
    // Where nothing was made there is nothing to remove, and nobody who may.
    if (isTouched)
      await stop().catch((problem: unknown) => log.warn('something stays in the S3', { reason: reasonOf(problem) }));
    else journal.close();
    throw error;
  }
  log.info('existing s3 taken', { endpoint: account.endpoint, buckets: place.buckets });
  return runningResource({ ...account, backend: 'existing' as const, client, buckets: place.buckets }, stop);
}

type OurPlace = Pick<RunningExistingS3, 'buckets'> & {
  readonly traces: Pick<ExistingTraces, 'madeBuckets' | 'prefix'>;
};

function ownBuckets(name: string): OurPlace {
  const buckets = { results: `${name}-results`, adminLogs: `${name}-adminlogs` };
  return { buckets, traces: { madeBuckets: Object.values(buckets) } };
}

function placeIn(bucket: string, name: string): OurPlace {
  return {
    buckets: { results: `${bucket}/${name}/results`, adminLogs: `${bucket}/${name}/adminlogs` },
    traces: { madeBuckets: [], prefix: { bucket, keyPrefix: `${name}/` } },
  };
}

async function makeBuckets(client: Client, traces: ExistingTraces, touched: () => void): Promise<void> {
  for (const bucket of traces.madeBuckets) {
    try {
      await client.makeBucket(bucket, traces.region);
      touched();
    } catch (error) {
      const reason = reasonOf(error);
      if (!isPlainRefusal(reason)) touched();
      throw new WavetankError(
        'S3_BUCKET_NOT_MADE',
        `The bucket ${bucket} could not be made in ${traces.endpoint}: ${reason}.`,
        {
          category: 'environment',
          hint: 'Name a bucket that the account may write to with --bucket.',
          cause: error,
        },
      );
    }
  }
}
