import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { CiPage } from './ci-page.ts';
import type { StrangersNode } from './strangers-node.ts';

/** Of the classic docker network; `--classic-ports` takes them all. */
const CLASSIC_PORTS = [8545, 5000, 8030, 31000];
const COMMAND_MS = 600_000;

/** What a suite of his own looks like: it is told by variables where everything is. */
const SUITE = `
import { expect, test } from 'vitest';

test('the Provider is where the variable says', async () => {
  expect((await fetch(process.env['PROVIDER_URL'] ?? '')).status).toBe(200);
});
`;

const MANIFEST = { name: 'a-project', private: true, type: 'module', scripts: { test: 'vitest run suite.test.ts' } };

const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    strict: true,
    noEmit: true,
    types: ['node'],
  },
  include: ['*.test.ts'],
};

export interface ProjectInputs {
  readonly node: StrangersNode;
  readonly archive: string;
  /** As npm takes them: what he installs beside the package. */
  readonly tools: readonly string[];
  readonly page: CiPage;
  readonly keep: boolean;
}

/** Installs the package in an empty project, does what docs/ci.md tells, and takes everything away again. */
export async function tryInProject({ node, archive, tools, page, keep }: ProjectInputs): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wavetank-package-'));
  const project = path.join(folder, 'project');
  const home = path.join(folder, 'home');
  for (const each of [project, home]) mkdirSync(each);
  writeFileSync(path.join(project, 'package.json'), JSON.stringify(MANIFEST));
  writeFileSync(path.join(project, 'suite.test.ts'), SUITE);
  writeFileSync(path.join(project, 'lab.test.ts'), page.test);
  writeFileSync(path.join(project, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  const summary = path.join(folder, 'summary.md');
  const run = async (line: string, more: Readonly<Record<string, string>> = {}): Promise<string> => {
    process.stdout.write(`$ ${line}\n`);
    const env = {
      PATH: node.path,
      npm_config_fund: 'false',
      npm_config_audit: 'false',
      npm_config_loglevel: 'warn',
      ...more,
    };
    const result = await execa('bash', ['-e', '-o', 'pipefail', '-c', line], {
      cwd: project,
      env,
      reject: false,
      all: true,
      timeout: COMMAND_MS,
    });
    if (!result.failed) return result.all ?? '';
    process.stderr.write(`${result.all ?? ''}\n`);
    throw new Error(`${line} ended with ${result.exitCode ?? result.signal}`);
  };
  try {
    await run(`npm install ${archive}`);
    // A later installation takes away what does not belong to the tree.
    await run(`npm install --save-dev ${tools.join(' ')}`);
    await run('npx tsc');
    await run('npx vitest run lab.test.ts');
    // The variables that GitHub sets for a step.
    const github = { GITHUB_ACTIONS: 'true', CI: 'true', GITHUB_STEP_SUMMARY: summary };
    for (const { run: line, with: inputs, uses = '' } of page.steps) {
      // `--classic-ports` writes where classic suites look: below a home of its own, here.
      const where = line?.includes('--classic-ports') ? { HOME: home } : {};
      if (line !== undefined && (await canRun(line))) await run(line, { ...github, ...where });
      if (uses.startsWith('actions/upload-artifact@')) assertUploadable(path.join(project, String(inputs?.['path'])));
    }
    if (!existsSync(summary) || !readFileSync(summary, 'utf8').includes('passed'))
      throw new Error('The scenario wrote no summary.');
  } finally {
    if (keep) process.stdout.write(`${folder}\n`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

const SYSCTL = /^sudo sysctl -w ([\w.]+)=/;

/** What a runner of GitHub's has, and this machine need not: the kernel's setting, and ports that nobody else uses. */
async function canRun(line: string): Promise<boolean> {
  const [, setting] = SYSCTL.exec(line) ?? [];
  if (setting !== undefined) {
    if (existsSync(`/proc/sys/${setting.replaceAll('.', '/')}`)) return true;
    process.stdout.write(`SKIPPED ${line}: this kernel has no such setting\n`);
    return false;
  }
  if (!line.includes('--classic-ports')) return true;
  const taken = [];
  for (const port of CLASSIC_PORTS) if (await isTaken(port)) taken.push(port);
  if (taken.length > 0) process.stdout.write(`SKIPPED ${line}: somebody else has port ${taken.join(', ')}\n`);
  return taken.length === 0;
}

function isTaken(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}

function assertUploadable(folder: string): void {
  for (const name of ['report.json', 'junit.xml', 'trace.ndjson'])
    if (!existsSync(path.join(folder, name))) throw new Error(`The step that uploads would find no ${name}.`);
}
