import { isIPv4 } from 'node:net';
import { S3Error } from '../errors.ts';
import type { Call, Operation } from '../operation.ts';
import { existingBucket } from '../operation.ts';
import { ownerOf } from '../wire-format.ts';
import { parseXml, renderXml, S3_NAMESPACE } from '../xml.ts';

const listBuckets: Operation = {
  name: 'ListBuckets',
  method: 'GET',
  level: 'service',
  action: 's3:ListAllMyBuckets',
  run(call) {
    const buckets = call.storage.objects.buckets().map((bucket) => ({
      Name: bucket.name,
      CreationDate: new Date(bucket.createdMs).toISOString(),
    }));
    const tree = { Owner: ownerOf(), Buckets: { Bucket: buckets } };
    return { status: 200, xml: renderXml('ListAllMyBucketsResult', tree, S3_NAMESPACE) };
  },
};

const createBucket: Operation = {
  name: 'CreateBucket',
  method: 'PUT',
  level: 'bucket',
  action: 's3:CreateBucket',
  hasBody: true,
  async run(call) {
    checkBucketName(call.bucket);
    await checkLocation(call);
    const { objects } = call.storage;
    // One account owns everything here, so a bucket of somebody else's (BucketAlreadyExists) cannot occur.
    if (objects.bucket(call.bucket))
      throw new S3Error('BucketAlreadyOwnedByYou', undefined, { facts: { BucketName: call.bucket } });
    if (objects.buckets().length >= call.limits.buckets) throw new S3Error('TooManyBuckets');
    objects.createBucket(call.bucket, call.clock.now());
    return { status: 200, headers: { location: `/${call.bucket}` } };
  },
};

const headBucket: Operation = {
  name: 'HeadBucket',
  method: 'HEAD',
  level: 'bucket',
  action: 's3:ListBucket',
  run(call) {
    existingBucket(call);
    return { status: 200, headers: { 'x-amz-bucket-region': call.region } };
  },
};

const deleteBucket: Operation = {
  name: 'DeleteBucket',
  method: 'DELETE',
  level: 'bucket',
  action: 's3:DeleteBucket',
  run(call) {
    existingBucket(call);
    const { objects, uploads, blobs } = call.storage;
    if (!objects.isEmpty(call.bucket))
      throw new S3Error('BucketNotEmpty', undefined, { facts: { BucketName: call.bucket } });
    const ids = call.storage.transaction(() => {
      const pending = uploads.after(call.bucket, Buffer.alloc(0), '', call.limits.uploadsPerBucket);
      const orphaned = pending.flatMap((upload) => uploads.delete(upload.id));
      objects.deleteBucket(call.bucket);
      return orphaned;
    });
    blobs.remove(ids);
    return { status: 204 };
  },
};

const getBucketLocation: Operation = {
  name: 'GetBucketLocation',
  method: 'GET',
  level: 'bucket',
  selector: { query: 'location' },
  action: 's3:GetBucketLocation',
  run(call) {
    existingBucket(call);
    // The oldest region has no constraint: its element is empty.
    const location = call.region === 'us-east-1' ? '' : call.region;
    return { status: 200, xml: renderXml('LocationConstraint', location, S3_NAMESPACE) };
  },
};

export const BUCKET_OPERATIONS: readonly Operation[] = [
  listBuckets,
  createBucket,
  headBucket,
  deleteBucket,
  getBucketLocation,
];

function checkBucketName(name: string): void {
  const isValid = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !/\.\.|\.-|-\./.test(name) && !isIPv4(name);
  if (!isValid) throw new S3Error('InvalidBucketName', undefined, { facts: { BucketName: name } });
}

async function checkLocation(call: Call): Promise<void> {
  const text = await call.body.document(call.limits.documentBytes);
  if (text.trim() === '') return;
  const configuration = (await parseXml(text, 'CreateBucketConfiguration')).allow('LocationConstraint');
  const constraint = configuration.optional('LocationConstraint')?.text ?? '';
  if (constraint !== '' && constraint !== call.region) {
    throw new S3Error(
      'IllegalLocationConstraintException',
      `The location constraint ${constraint} does not match the region ${call.region}.`,
    );
  }
}
