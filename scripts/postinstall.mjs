// Runs with the machine's own Node (20 or newer). npm skips an optional platform package whose `engines`
// do not match that Node, although wavetank runs on the pinned Node 24. This puts back what was skipped.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(path.dirname(new URL(import.meta.url).pathname));

/** The packages that a platform-independent package loads its native code from: [owner, name prefix]. */
const NATIVE_OWNERS = ['@nomicfoundation/edr'];

function installedPackage(name) {
  const file = path.join(root, 'node_modules', name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

function isMusl() {
  return process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
}

function platformName() {
  const suffix =
    process.platform === 'linux' ? (isMusl() ? '-musl' : '-gnu') : process.platform === 'win32' ? '-msvc' : '';
  return `${process.platform}-${process.arch}${suffix}`;
}

const missing = [];
for (const owner of NATIVE_OWNERS) {
  const manifest = installedPackage(owner);
  if (!manifest) continue;
  const name = `${owner}-${platformName()}`;
  const isPublished = name in { ...manifest.optionalDependencies, ...manifest.dependencies };
  if (!installedPackage(name) && (isPublished || owner === '@nomicfoundation/edr'))
    missing.push(`${name}@${manifest.version}`);
}

if (missing.length > 0) {
  process.stderr.write(`wavetank: adding ${missing.join(', ')} (skipped by npm under Node ${process.versions.node})\n`);
  const npm = process.env.npm_execpath;
  const args = [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--force',
    ...missing,
  ];
  if (npm) execFileSync(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' });
  else execFileSync('npm', args, { cwd: root, stdio: 'inherit' });
}
