/** The actions a policy can allow, named as in the real service's policies. */
export type S3Action =
  | 's3:ListAllMyBuckets'
  | 's3:CreateBucket'
  | 's3:DeleteBucket'
  | 's3:GetBucketLocation'
  | 's3:ListBucket'
  | 's3:ListBucketMultipartUploads'
  | 's3:GetObject'
  | 's3:PutObject'
  | 's3:DeleteObject'
  | 's3:AbortMultipartUpload'
  | 's3:ListMultipartUploadParts';

/** Allows `actions` on one bucket (`*`: on all), and there on keys with `prefix` only. What no statement allows is denied. */
export interface PolicyStatement {
  readonly actions: readonly (S3Action | 's3:*')[];
  readonly bucket: string;
  /** Default: the whole bucket. For s3:ListBucket it is the listing's own prefix that must start with it. */
  readonly prefix?: string;
}

export interface NewUser {
  /** 3 to 128 letters, digits or `_-.`. */
  readonly accessKey: string;
  /** At least 8 characters. */
  readonly secretKey: string;
  readonly policy: readonly PolicyStatement[];
}
