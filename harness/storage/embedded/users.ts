import { WavetankError } from '../../../core/errors.ts';
import type { NewUser, PolicyStatement, S3Action } from '../access-policy.ts';

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
