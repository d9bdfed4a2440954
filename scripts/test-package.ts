import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';

/** What a stranger does with the package, in a project of his own: installs it, adds something else, runs commands, and writes a test with types. */
const ROOT = path.join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string | undefined>;
};
const { values } = parseArgs({ options: { keep: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });

const TEST = `
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestbed } from 'wavetank';
import type { RunningTestbed } from 'wavetank';

let testbed: RunningTestbed | undefined;
beforeAll(async () => {
  testbed = await startTestbed();
}, 120_000);
afterAll(() => testbed?.stop(), 120_000);

test('the Provider answers', async () => {
  const url: string = testbed?.endpoints.providers[0]?.url ?? '';
  expect((await fetch(url)).status).toBe(200);
});
`;

const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    strict: true,
    noEmit: true,
    types: ['node'],
  },
  include: ['lab.test.ts'],
};

if (values.help) process.stdout.write('npm run test:package [-- --keep]   --keep leaves the project that it makes\n');
else await tryPackage();

async function tryPackage(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wavetank-package-'));
  try {
    await run(ROOT, 'npm', ['pack', '--pack-destination', folder]);
    const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
    if (archive === undefined) throw new Error('npm pack wrote no archive');
    writeFileSync(path.join(folder, 'package.json'), '{ "name": "a-project", "private": true, "type": "module" }\n');
    writeFileSync(path.join(folder, 'lab.test.ts'), TEST);
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    await run(folder, 'npm', ['install', `./${archive}`]);
    // A later installation takes away what does not belong to the tree.
    await run(folder, 'npm', ['install', '--save-dev', ...versionsOf('vitest', 'typescript', '@types/node')]);
    await run(folder, 'npx', ['wavetank', 'scenario', '--list']);
    await run(folder, 'npx', ['wavetank', 'scenario', 'eu-us-lab']);
    await run(folder, 'npx', [
      'wavetank',
      'up',
      '--',
      'node',
      '-e',
      'if (!process.env.PROVIDER_URL) process.exitCode = 1',
    ]);
    await run(folder, 'npx', ['tsc']);
    await run(folder, 'npx', ['vitest', 'run']);
    process.stdout.write(`The package does what it should under Node ${await machineNode()}.\n`);
  } finally {
    if (values.keep) process.stdout.write(`${folder}\n`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

/** The machine's own Node, as the stranger has it: not the pinned one, whose folder npm puts first for scripts of this project. */
function strangersPath(): string {
  return (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((entry) => !entry.includes(`${path.sep}node_modules${path.sep}`))
    .join(path.delimiter);
}

async function run(cwd: string, command: string, args: readonly string[]): Promise<void> {
  process.stdout.write(`$ ${command} ${args.join(' ')}\n`);
  const isBuild = cwd === ROOT;
  const env = {
    PATH: isBuild ? (process.env['PATH'] ?? '') : strangersPath(),
    npm_config_fund: 'false',
    npm_config_audit: 'false',
  };
  const result = await execa(command, args, { cwd, env, reject: false, all: true, timeout: 600_000 });
  if (!result.failed) return;
  process.stderr.write(`${result.all ?? ''}\n`);
  throw new Error(`${command} ${args.join(' ')} ended with ${result.exitCode ?? result.signal}`);
}

async function machineNode(): Promise<string> {
  const { stdout } = await execa('node', ['--version'], { env: { PATH: strangersPath() } });
  return stdout;
}

function versionsOf(...names: readonly string[]): string[] {
  return names.map((name) => `${name}@${manifest.devDependencies[name] ?? 'latest'}`);
}
