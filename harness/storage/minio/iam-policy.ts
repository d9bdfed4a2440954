import type { PolicyStatement, S3Action } from '../access-policy.ts';

/** A policy document in the language of AWS IAM, as MinIO takes it. */
export interface IamPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly IamStatement[];
}

interface IamStatement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** Those that name a bucket; all others name an object in it. */
const OF_BUCKETS: ReadonlySet<S3Action | 's3:*'> = new Set([
  's3:ListAllMyBuckets',
  's3:CreateBucket',
  's3:DeleteBucket',
  's3:GetBucketLocation',
  's3:ListBucket',
  's3:ListBucketMultipartUploads',
] satisfies S3Action[]);
const OF_LISTINGS: ReadonlySet<S3Action | 's3:*'> = new Set([
  's3:ListBucket',
  's3:ListBucketMultipartUploads',
] satisfies S3Action[]);

/** A prefix narrows objects by their name, and listings by the prefix that is asked for. */
export function iamPolicy(policy: readonly PolicyStatement[]): IamPolicy {
  return { Version: '2012-10-17', Statement: policy.flatMap(statementsOf) };
}

function statementsOf({ actions, bucket, prefix = '' }: PolicyStatement): IamStatement[] {
  const resource = { bucket: `arn:aws:s3:::${bucket}`, objects: `arn:aws:s3:::${bucket}/${prefix}*` };
  if (actions.includes('s3:*') && prefix === '') return [allow(['s3:*'], [resource.bucket, resource.objects])];
  const listings = prefix === '' ? [] : actions.filter((action) => OF_LISTINGS.has(action));
  const buckets = actions.filter((action) => OF_BUCKETS.has(action) && !listings.includes(action));
  const objects = actions.filter((action) => !OF_BUCKETS.has(action));
  return [
    ...(buckets.length > 0 ? [allow(buckets, [resource.bucket])] : []),
    ...(listings.length > 0
      ? [{ ...allow(listings, [resource.bucket]), Condition: { StringLike: { 's3:prefix': [`${prefix}*`] } } }]
      : []),
    ...(objects.length > 0 ? [allow(objects, [resource.objects])] : []),
  ];
}

function allow(actions: readonly string[], resources: readonly string[]): IamStatement {
  return { Effect: 'Allow', Action: actions, Resource: resources };
}
