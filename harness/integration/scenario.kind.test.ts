import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { whyNoKind } from '../cluster/kind/testing/lab-kind.ts';
import { whyThereIsNoMinio } from '../storage/minio/start-minio.ts';

const MAIN = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
const TEST_MS = 1_200_000;

test(
  'eu-us-lab on kind and MinIO, with everything enforced that kind enforces',
  { timeout: TEST_MS },
  async (context) => {
    const missing = whyNoKind() ?? (await whyThereIsNoMinio());
    if (missing !== undefined) return context.skip(missing);
    const state = mkdtempSync(path.join(tmpdir(), 'scenario-on-kind-'));
    try {
      const backends = ['--backend', 'kind', '--storage', 'minio'];
      const required = ['--require', 'network,memory,readonly,user,seccomp'];
      const args = [MAIN, 'scenario', 'eu-us-lab', ...backends, ...required, '--json', '--state', state];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number | null];
      const report = JSON.parse(text) as Report;
      const failed = report.steps.flatMap(({ checks }) => checks.filter(({ outcome }) => outcome === 'failed'));
      expect(failed).toEqual([]);
      expect({ code, outcome: report.outcome }).toEqual({ code: 0, outcome: 'passed' });
    } finally {
      rmSync(state, { recursive: true, force: true });
    }
  },
);

interface Report {
  readonly outcome: string;
  readonly steps: readonly { readonly checks: readonly { readonly outcome: string; readonly name: string }[] }[];
}
