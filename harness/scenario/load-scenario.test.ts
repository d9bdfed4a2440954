import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadScenarioFrom, scenarioNames } from './load-scenario.ts';

let folder: string;
const GOOD = "export default { name: 'eu-us-lab', title: 'T', summary: 'S', run: async () => {} };";

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'scenarios-'));
  for (const name of ['eu-us-lab', 'two-providers', 'no-scenario']) await mkdir(path.join(folder, name));
  for (const name of ['eu-us-lab', 'two-providers']) await writeFile(path.join(folder, name, 'scenario.ts'), GOOD);
  await writeFile(path.join(folder, 'my-bug.ts'), GOOD.replace('eu-us-lab', 'my-bug'));
  await writeFile(path.join(folder, 'broken.ts'), 'export default {{');
  await writeFile(path.join(folder, 'enum.ts'), '\nenum A {}\nexport default A;');
  await writeFile(path.join(folder, 'throws.ts'), "\n\nthrow new Error('at once');\nexport {};");
  await writeFile(path.join(folder, 'imports.ts'), "import './not-here.ts';");
  await writeFile(path.join(folder, 'wrong.ts'), "export default { name: 'x', run: 1 };");
  await writeFile(path.join(folder, 'none.ts'), 'export const scenario = 1;');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('names are the folders that hold a scenario', () => {
  expect(scenarioNames(folder)).toEqual(['eu-us-lab', 'two-providers']);
});

test('loads by name, by path of a file, by path of a folder', async () => {
  expect((await loadScenarioFrom(folder, 'eu-us-lab')).name).toBe('eu-us-lab');
  expect((await loadScenarioFrom(folder, path.join(folder, 'my-bug.ts'))).name).toBe('my-bug');
  expect((await loadScenarioFrom(folder, path.join(folder, 'two-providers'))).name).toBe('eu-us-lab');
});

test.each([
  ['eu-us-lap', 'Did you mean eu-us-lab?'],
  ['lab', 'Did you mean eu-us-lab?'],
  ['something-else', 'There are: eu-us-lab, two-providers.'],
  ['./not-here.ts', 'There is no file'],
])('%s is not known, and the error says what is', async (name, text) => {
  await expect(loadScenarioFrom(folder, name)).rejects.toThrow(
    expect.objectContaining({ code: 'SCENARIO_UNKNOWN', category: 'usage', message: expect.stringContaining(text) }),
  );
});

test.each([
  ['broken.ts', 'cannot be loaded'],
  ['wrong.ts', 'title'],
  ['wrong.ts', 'run: must be a function'],
  ['none.ts', 'default export'],
])('%s is refused: %s', async (file, text) => {
  await expect(loadScenarioFrom(folder, path.join(folder, file))).rejects.toThrow(
    expect.objectContaining({ code: 'SCENARIO_INVALID', category: 'usage', message: expect.stringContaining(text) }),
  );
});

/** As Node loads them: here Vitest does, and words its errors in its own way. */
function problemsWith(...files: readonly string[]): readonly { readonly message: string; readonly hint?: string }[] {
  const script = `const { loadScenarioFrom } = await import(${JSON.stringify(path.join(import.meta.dirname, 'load-scenario.ts'))});
    const problems = [];
    for (const file of process.argv.slice(1)) await loadScenarioFrom('/', file).catch(({ message, hint }) => problems.push({ message, hint }));
    process.stdout.write(JSON.stringify(problems));`;
  const paths = files.map((file) => path.join(folder, file));
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', script, ...paths], { encoding: 'utf8' });
  return JSON.parse(out) as { message: string; hint?: string }[];
}

test('a file that cannot be loaded is named with the line, and with a hint where its source is at fault', () => {
  const [broken, enumeration, importing, throwing] = problemsWith('broken.ts', 'enum.ts', 'imports.ts', 'throws.ts');
  expect(broken?.message).toContain(`(${folder}/broken.ts:1)`);
  expect(enumeration?.message).toContain(`(${folder}/enum.ts:2)`);
  expect(importing?.message).toMatch(/not-here\.ts' imported from \S+imports\.ts$/);
  expect(throwing?.message).toContain(`at once (${folder}/throws.ts:3)`);
  for (const problem of [broken, enumeration, importing]) expect(problem?.hint).toContain('erasable');
  expect(throwing?.hint).toBeUndefined();
});
