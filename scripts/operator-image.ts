import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { preparePodsApp } from '../harness/pods-image.ts';
import { runCommand } from './command-line.ts';
import { productPackages } from './operator-image/product-packages.ts';

const ROOT = path.join(import.meta.dirname, '..');
const USAGE = `Builds the image of Operator Service, Operator Engine and Job Broker, and of the pods of jobs.

  npm run operator-image
  npm run operator-image -- --tag registry.example/ocean/operator:1 --base node:24-slim

  --tag NAME    default wavetank/operator:VERSION
  --base NAME   an image with Node 24; default node:24-slim
`;

async function build(tag: string, base: string): Promise<void> {
  const context = mkdtempSync(path.join(tmpdir(), 'wavetank-operator-image-'));
  const scripts = mkdtempSync(path.join(tmpdir(), 'wavetank-pods-scripts-'));
  try {
    for (const folder of ['core', 'engine'])
      cpSync(path.join(ROOT, folder), path.join(context, folder), { recursive: true, filter: isProduct });
    for (const folder of productPackages(ROOT))
      cpSync(path.join(ROOT, folder), path.join(context, folder), { recursive: true });
    const { directory } = await preparePodsApp(scripts);
    cpSync(directory, context, { recursive: true });
    writeFileSync(path.join(context, 'package.json'), '{ "type": "module", "private": true }\n');
    // The image's user is none of this machine, whose umask may shut others out.
    await execa('chmod', ['-R', 'a+rX', context]);
    const args = ['build', '--tag', tag, '--build-arg', `BASE=${base}`, '--file', 'engine/Dockerfile', context];
    await execa('docker', args, { cwd: ROOT, stdout: 'ignore', stderr: 'inherit' });
  } finally {
    for (const folder of [context, scripts]) rmSync(folder, { recursive: true, force: true });
  }
}

function isProduct(file: string): boolean {
  return !/\.(test|contract)\.ts$|\/testing(\/|$)/.test(file);
}

await runCommand({
  name: 'npm run operator-image',
  usage: USAGE,
  options: { tag: { type: 'string' }, base: { type: 'string', default: 'node:24-slim' } },
  async run({ tag: wished, base }) {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const tag = wished ?? `wavetank/operator:${version}`;
    await build(tag, base);
    process.stdout.write(`${tag}\n`);
  },
});
