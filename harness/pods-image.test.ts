import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { preparePodsApp } from './pods-image.ts';
import { bundleScript } from './pods-image/bundle-script.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pods-image-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the bundled scripts run as they stand and behave as the pods do', async () => {
  const app = await preparePodsApp(path.join(folder, 'cache'));
  expect(app.command('configure')).toEqual(['node', '--single-threaded', '/app/configure.cjs']);
  for (const script of ['configure', 'publish']) {
    const run = spawnSync(process.execPath, [path.join(app.directory, `${script}.cjs`)], { encoding: 'utf8', env: {} });
    expect(run.status).toBe(2);
    expect(JSON.parse(run.stdout)).toMatchObject({ code: 'STAGE_FAILED', message: 'BROKER_URL is not set' });
    expect(run.stderr).toBe('');
  }
});

test('the folder is made once per content, also when two ask together', async () => {
  const cache = path.join(folder, 'together');
  const [one, two] = await Promise.all([preparePodsApp(cache), preparePodsApp(cache)]);
  expect(two.directory).toBe(one.directory);
  expect(await readdir(cache)).toEqual([path.basename(one.directory)]);
});

const bundle = (files: Record<string, string>): string =>
  bundleScript(new Map(Object.entries(files).map(([name, text]) => [`/src/${name}`, text])));

async function output(script: string): Promise<string> {
  const file = path.join(folder, 'script.cjs');
  await writeFile(file, script);
  return spawnSync(process.execPath, [file], { encoding: 'utf8' }).stdout;
}

test('types go, names stay, a module runs once', async () => {
  const script = bundle({
    'main.ts': [
      "import { basename as base } from 'node:path';",
      "import type { Shape } from './shape.ts';",
      "import { one, counter } from './one.ts';",
      "import { viaTwo } from './two.ts';",
      "const shape: Shape = { text: base('/a/b') };",
      'await Promise.resolve();',
      'process.stdout.write(`${shape.text} ${one()} ${viaTwo()} ${counter.loaded}`);',
    ].join('\n'),
    'one.ts': 'export const counter = { loaded: 0 };\ncounter.loaded++;\nexport function one(): number { return 1; }',
    'two.ts': "import { one } from './one.ts';\nexport const viaTwo = (): number => one() + 1;",
  });
  expect(await output(script)).toBe('b 1 2 1');
});

test('a program knows that it is what was started', async () => {
  const script = bundle({
    'main.ts': [
      "import { pathToFileURL } from 'node:url';",
      "if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.stdout.write('started');",
    ].join('\n'),
  });
  expect(await output(script)).toBe('started');
});

test.each([
  ['an import that is not among the sources', "import { x } from './gone.ts';\nx();"],
  ['a package', "import { z } from 'zod';\nz();"],
  ['a default export', 'export default 1;'],
  ['a re-export', "export { x } from './x.ts';"],
  ['import.meta', 'const here = import.meta.dirname;\nhere;'],
])('%s is refused rather than guessed', (_what, text) => {
  expect(() => bundle({ 'main.ts': text })).toThrow(expect.objectContaining({ code: 'POD_SCRIPT_UNBUNDLED' }));
});
