import { test } from 'vitest';
import { whyThereIsNoMinio } from '../../../harness/storage/minio/start-minio.ts';
import { withBothS3 } from '../s3.ts';
import { runS3Differ } from './run.ts';

test('600 random requests are answered alike by the embedded S3 and by MinIO, but for listed differences', async ({
  expect,
  skip,
}) => {
  const missing = await whyThereIsNoMinio();
  if (missing !== undefined) skip(missing);
  const told: string[] = [];
  const options = { seed: 'kind', requests: 600, sequence: undefined, steps: undefined, tellsAll: false };
  const { requests, unlisted } = await withBothS3((servers) =>
    runS3Differ(servers, options, (line) => told.push(line)),
  );
  expect(requests).toBeGreaterThanOrEqual(600);
  expect(unlisted, told.join('\n')).toEqual([]);
});
