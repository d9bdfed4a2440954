import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomHex } from '../../core/entropy.ts';
import { ResourceStack } from '../../core/resource.ts';
import { systemSeams } from '../../core/seams.ts';
import { startEmbeddedS3 } from '../../harness/storage/embedded/start-embedded-s3.ts';
import { DEFAULT_MINIO_IMAGE, startMinio } from '../../harness/storage/minio/start-minio.ts';
import type { Differ } from './differ.ts';
import { COMMON_USAGE } from './flags.ts';
import type { SeedReport } from './report.ts';
import { differReport } from './report.ts';
import { ACCEPTED_DIFFERENCES } from './s3/differences.ts';
import type { S3Servers } from './s3/run.ts';
import { runS3Differ } from './s3/run.ts';

const USAGE = `npm run differ -- s3 [--minio-image IMAGE] [flags]
The embedded S3 against MinIO in a container.
  --minio-image of the real server
${COMMON_USAGE}`;

/** Starts the embedded S3 and MinIO, both empty, for as long as `use` takes. */
export async function withBothS3<T>(use: (servers: S3Servers) => Promise<T>, image?: string): Promise<T> {
  const seams = systemSeams();
  const folder = mkdtempSync(path.join(tmpdir(), 'wavetank-differ-s3-'));
  await using stack = new ResourceStack({ budgetMs: 60_000 });
  stack.defer('folder', () => rmSync(folder, { recursive: true, force: true }));
  stack.defer('connections', () => seams.net.close());
  // Timers of a start that waits hold no process.
  const held = setInterval(() => undefined, 60_000);
  stack.defer('wait', () => clearInterval(held));
  const instance = `differ-${randomHex(seams.entropy, 4)}`;
  const real = await stack.start('MinIO', () =>
    startMinio({ ...seams, instance, stateRoot: folder, ...(image === undefined ? {} : { image }) }),
  );
  const embedded = await stack.start('embedded S3', () =>
    startEmbeddedS3({ ...seams, dataDir: path.join(folder, 's3') }),
  );
  return await use({ real, embedded, clock: seams.clock });
}

export const s3Differ: Differ<'minio-image'> = {
  usage: USAGE,
  ownFlags: ['minio-image'],
  reasons: new Map(ACCEPTED_DIFFERENCES.map(({ id, reason }) => [id, reason])),
  run({ requests, seeds, sequence, steps, tellsAll }, own, tell) {
    const image = own['minio-image'] ?? DEFAULT_MINIO_IMAGE;
    return withBothS3(async (servers) => {
      const reports: SeedReport[] = [];
      for (const seed of seeds)
        reports.push(await runS3Differ(servers, { seed, requests, sequence, steps, tellsAll }, tell));
      return differReport('the embedded S3', image, requests, reports);
    }, image);
  },
};
