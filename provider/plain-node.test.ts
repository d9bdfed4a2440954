import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

/** The test runner forgives imports that plain Node refuses, and the product runs on plain Node. */
test('the Provider loads in plain Node', () => {
  const server = path.join(import.meta.dirname, 'server.ts');
  const script = `const { startProvider } = await import(${JSON.stringify(server)}); process.stdout.write(typeof startProvider);`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(said).toBe('function');
});
