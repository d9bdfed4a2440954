import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { randomHex } from '../../core/entropy.ts';
import { WavetankError } from '../../core/errors.ts';
import { ResourceStack } from '../../core/resource.ts';
import { systemSeams } from '../../core/seams.ts';
import { startEmbeddedS3 } from '../../harness/storage/embedded/start-embedded-s3.ts';
import { startMinio } from '../../harness/storage/minio/start-minio.ts';
import type { Differ } from './differ.ts';
import type { S3RunOptions, S3Servers } from './s3/run.ts';
import { runS3Differ } from './s3/run.ts';

const USAGE = `npm run differ -- s3 [--requests N] [--seed TEXT] [--sequence K [--steps I,J,…]] [--minio-image IMAGE]
  --requests     how many requests are sent to each server (default 10000)
  --seed         other seeds are other requests (default 1)
  --sequence     replays one sequence of a seed, --steps only these steps of it
  --minio-image  of the real server
`;

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

/** @throws WavetankError FLAG_INVALID; TypeError of the flags */
function optionsOf(args: readonly string[]): S3RunOptions & { readonly image: string | undefined } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      requests: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      sequence: { type: 'string' },
      steps: { type: 'string' },
      'minio-image': { type: 'string' },
    },
  });
  return {
    requests: count('--requests', values.requests),
    seed: values.seed,
    sequence: values.sequence === undefined ? undefined : count('--sequence', values.sequence),
    steps: values.steps?.split(',').map((text) => count('--steps', text)),
    image: values['minio-image'],
  };
}

function count(flag: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new WavetankError('FLAG_INVALID', `${flag} takes a whole number`, { category: 'usage' });
}

export const s3Differ: Differ = {
  usage: USAGE,
  async run(args) {
    const { image, ...options } = optionsOf(args);
    const { unlisted } = await withBothS3(
      (servers) => runS3Differ(servers, options, (line) => void process.stdout.write(`${line}\n`)),
      image,
    );
    return unlisted === 0 ? 0 : 1;
  },
};
