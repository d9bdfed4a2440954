#!/usr/bin/env -S node --
// Behind `--`, since Node would take our own --env-file for itself wherever it stands.
// Runs under whatever Node the machine has, and hands over to the one that wavetank is pinned to (package `node`).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const node = pinnedNode();
if (node === undefined) {
  process.stderr.write(
    'wavetank: its own Node is not installed. Run `npm ci` (without --ignore-scripts), then try again.\n',
  );
  process.exit(3);
}
const child = spawn(node, ['--', mainFile(), ...process.argv.slice(2)], { stdio: 'inherit' });
// A terminal sends Ctrl-C to the whole group; a signal sent to this process alone is passed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
// It is there, and its loader is not: Alpine, for one.
child.once('error', ({ code }) => {
  process.stderr.write(
    `wavetank: its own Node does not run on this machine (${code}).\n` +
      '  It needs the C library of Debian, Ubuntu or Fedora, glibc 2.28 or newer, and a disk that programs may be run from.\n',
  );
  process.exit(3);
});
child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 4)));

function pinnedNode() {
  try {
    const folder = path.dirname(createRequire(import.meta.url).resolve('node/package.json'));
    const binary = path.join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

/** TypeScript in a clone, plain JavaScript in the package: Node strips no types inside node_modules. */
function mainFile() {
  const source = path.join(here, 'main.ts');
  return existsSync(source) ? source : path.join(here, '../../dist/harness/cli/main.js');
}
