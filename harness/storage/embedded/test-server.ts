import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { seededEntropy } from '../../../core/entropy.ts';
import { createNative } from '../../../core/native.ts';
import type { Native } from '../../../core/native.ts';
import { silentLogger } from '../../../core/log.ts';
import { VirtualClock } from '../../../core/virtual-clock.ts';
import type { RawAnswer, RawRequest, Signer } from '../signed-request.ts';
import { sendSigned } from '../signed-request.ts';
import type { EmbeddedS3Options, RunningEmbeddedS3 } from './start-embedded-s3.ts';
import { startEmbeddedS3 } from './start-embedded-s3.ts';

/** A server of a test's own: virtual clock, seeded ids, a temporary directory that goes with it. */
export interface TestServer extends AsyncDisposable {
  readonly s3: RunningEmbeddedS3;
  readonly clock: VirtualClock;
  readonly native: Native;
  readonly dataDir: string;
  /** Signed as the admin unless told otherwise. */
  call(
    method: string,
    path: string,
    body?: string | Buffer,
    more?: Partial<RawRequest> & { as?: Signer },
  ): Promise<RawAnswer>;
  /** How many files hold bodies. */
  blobCount(): number;
  /** Stops the server and starts another on the same data. */
  restart(): Promise<void>;
}

export async function startTestServer(options: Partial<EmbeddedS3Options> = {}): Promise<TestServer> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'wavetank-s3-'));
  const [clock, native] = [new VirtualClock(), createNative()];
  let starts = 0;
  const start = (): Promise<RunningEmbeddedS3> =>
    startEmbeddedS3({ clock, native, log: silentLogger, entropy: seededEntropy(starts++), dataDir, ...options });
  let s3 = await start();
  return {
    get s3() {
      return s3;
    },
    clock,
    native,
    dataDir,
    call: (method, target, body = '', more = {}) =>
      sendSigned(more.as ?? s3, { method, path: target, body, nowMs: clock.now(), ...more }),
    blobCount: () => readdirSync(path.join(dataDir, 'blobs')).length,
    async restart() {
      await s3.stop();
      s3 = await start();
    },
    async [Symbol.asyncDispose]() {
      await s3.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
