import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { preparePodsApp } from '../harness/pods-image.ts';

const ROOT = path.join(import.meta.dirname, '..');
const USAGE = `Builds the image of pod-configure, pod-publish, the gate, the canary and its control: plain scripts for a bare Node.

  npm run pods-image
  npm run pods-image -- --tag registry.example/ocean/pods:1 --base node:24-slim

  --tag NAME    default wavetank/pods:VERSION
  --base NAME   an image with Node 24; default node:24-slim
`;

const { values } = parseArgs({
  options: { tag: { type: 'string' }, base: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
if (values.help) process.stdout.write(USAGE);
else await build();

async function build(): Promise<void> {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const tag = values.tag ?? `wavetank/pods:${version}`;
  const cache = mkdtempSync(path.join(tmpdir(), 'wavetank-pods-image-'));
  try {
    const { directory } = await preparePodsApp(cache);
    const base = `BASE=${values.base ?? 'node:24-slim'}`;
    const args = ['build', '--tag', tag, '--build-arg', base, '--file', 'engine/pods/Dockerfile', directory];
    await execa('docker', args, { cwd: ROOT, stdout: 'ignore', stderr: 'inherit' });
    process.stdout.write(`${tag}\n`);
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}
