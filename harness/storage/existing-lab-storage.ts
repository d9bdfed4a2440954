import { assert } from '../../core/errors.ts';
import type { StartContext } from '../testbed/start-context.ts';
import { requireS3Keys } from './existing/s3-account.ts';
import { startExistingS3 } from './existing/start-existing.ts';
import type { LabStorage } from './lab-storage.ts';

/**
 * A place in an S3 that is there already. Users cannot be made there, so that the products get the account's own keys:
 * what each may do is then for the account to say.
 */
export async function startExistingLabStorage(context: StartContext): Promise<LabStorage> {
  const { stack, entropy, net, log, config, s3Keys } = context;
  const { s3: wanted, instance, stateRoot } = config;
  assert(wanted !== undefined, 'the configuration names the S3');
  const { url, bucket, region } = wanted;
  const keys = requireS3Keys(s3Keys, url);
  const s3 = await stack.start('object storage', () =>
    startExistingS3({ entropy, net, log: log.of('s3'), url, bucket, region, keys, instance, stateRoot }),
  );
  return { s3, admin: s3.client, buckets: s3.buckets, broker: keys, operatorService: keys };
}
