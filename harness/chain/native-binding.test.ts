import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const MODULE = path.join(import.meta.dirname, 'native-binding.ts');

/** In a process of its own: a module that was loaded once is not asked for again. */
async function load(folder: string): Promise<string> {
  const script = `
    import { loadNativeBinding } from ${JSON.stringify(MODULE)};
    try { loadNativeBinding(${JSON.stringify(folder)}); process.stdout.write(String(globalThis.whereFrom ?? 'node_modules')); }
    catch (error) { process.stdout.write(error.code + ': ' + error.hint); }`;
  const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', script]);
  return stdout;
}

it('takes the native code from our own folder, else from where npm puts it', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wavetank-native-'));
  try {
    expect(await load(folder)).toBe('node_modules');
    const names = [
      'linux-x64-gnu',
      'linux-x64-musl',
      'linux-arm64-gnu',
      'linux-arm64-musl',
      'darwin-x64',
      'darwin-arm64',
    ];
    for (const name of [...names, 'win32-x64-msvc']) {
      const binding = path.join(folder, `@nomicfoundation/edr-${name}`);
      mkdirSync(binding, { recursive: true });
      writeFileSync(path.join(binding, 'wavetank.cjs'), "globalThis.whereFrom = 'own folder'; module.exports = {};");
    }
    expect(await load(folder)).toBe('own folder');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
