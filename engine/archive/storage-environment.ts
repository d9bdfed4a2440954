import type { Environment } from '../../core/process/environment.ts';
import type { ArchiveOptions } from './archive.ts';

/** The object storage, by the names that S3 tools and the classic operator know. */
export function storageFrom(environment: Environment): Omit<ArchiveOptions, 'net'> {
  return {
    endpoint: environment.text('AWS_ENDPOINT_URL'),
    region: environment.text('AWS_REGION', 'us-east-1'),
    accessKey: environment.text('AWS_ACCESS_KEY_ID'),
    secretKey: environment.text('AWS_SECRET_ACCESS_KEY'),
    resultsBucket: environment.text('AWS_BUCKET_OUTPUT'),
    adminBucket: environment.text('AWS_BUCKET_ADMINLOGS'),
  };
}
