import type { RunningResource } from '../../core/resource.ts';
import type { NewUser } from './access-policy.ts';

/** A running S3 service and the credentials of its admin. */
export interface RunningObjectStorage extends RunningResource {
  readonly backend: 'embedded' | 'minio' | 'existing';
  /** http://127.0.0.1:port of our own ones; path-style. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** A service that is ours: it takes users as well, who live as long as it does. */
export interface OwnObjectStorage extends RunningObjectStorage {
  /** Adds an access key that may do what its policy allows, and nothing else. @throws WavetankError S3_USER_INVALID, S3_USER_EXISTS */
  createUser(user: NewUser): void | Promise<void>;
}
