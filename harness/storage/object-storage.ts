import type { RunningResource } from '../../core/resource.ts';

/** A running S3 service and the credentials of its admin. */
export interface RunningObjectStorage extends RunningResource {
  readonly backend: 'embedded' | 'minio' | 'existing';
  /** http://127.0.0.1:port, path-style. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}
