import { WavetankError } from '../../../core/errors.ts';

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

/** What one step of an operation touches. `key` is the key, or the prefix that is listed. */
export interface Access {
  readonly action: S3Action;
  readonly bucket: string;
  readonly key: string;
}

export class User {
  readonly accessKey: string;
  readonly #secretKey: string;
  readonly #policy: readonly PolicyStatement[];

  constructor(user: NewUser) {
    this.accessKey = user.accessKey;
    this.#secretKey = user.secretKey;
    this.#policy = structuredClone(user.policy);
  }

  get secretKey(): string {
    return this.#secretKey;
  }

  may(access: Access): boolean {
    return this.#policy.some(
      (statement) =>
        (statement.actions.includes('s3:*') || statement.actions.includes(access.action)) &&
        (statement.bucket === '*' || statement.bucket === access.bucket) &&
        access.key.startsWith(statement.prefix ?? ''),
    );
  }
}

/** The access keys of one server. */
export class Users {
  readonly #byAccessKey = new Map<string, User>();

  /** @throws WavetankError S3_USER_INVALID, S3_USER_EXISTS */
  add(user: NewUser): User {
    if (!/^[\w.-]{3,128}$/.test(user.accessKey) || user.secretKey.length < 8) {
      throw new WavetankError(
        'S3_USER_INVALID',
        'An S3 user needs an access key of 3 to 128 characters and a secret of at least 8.',
        {
          category: 'usage',
          details: { accessKey: user.accessKey },
        },
      );
    }
    if (this.#byAccessKey.has(user.accessKey)) {
      throw new WavetankError('S3_USER_EXISTS', `The S3 user ${user.accessKey} exists already.`, { category: 'usage' });
    }
    const added = new User(user);
    this.#byAccessKey.set(user.accessKey, added);
    return added;
  }

  remove(accessKey: string): void {
    this.#byAccessKey.delete(accessKey);
  }

  find(accessKey: string): User | undefined {
    return this.#byAccessKey.get(accessKey);
  }
}
