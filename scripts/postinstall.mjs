// Runs with the machine's own Node (20 or newer), in a clone and where the package is installed. npm skips an optional platform package whose
// `engines` do not match that Node, although wavetank runs on the pinned Node 24. This fetches what was skipped.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

const root = path.dirname(path.dirname(new URL(import.meta.url).pathname));

/** The packages that a platform-independent package loads its native code from. */
const NATIVE_OWNERS = ['@nomicfoundation/edr'];

for (const owner of NATIVE_OWNERS) {
  const folder = installedFolder(owner);
  if (folder === undefined) continue;
  const name = `${owner}-${platformName()}`;
  if (installedFolder(name) === undefined) add(name, manifestOf(folder).version);
}

// Under a strict umask npm leaves Node to its owner alone, and pods run it as other users.
const bin = path.join(installedFolder('node') ?? root, 'bin');
for (const file of [bin, path.join(bin, 'node')]) if (existsSync(file)) chmodSync(file, 0o755);

// Said now and not by whatever is started first: on Alpine, for one, nothing could be.
const pinned = path.join(bin, 'node');
const tried = existsSync(pinned) ? spawnSync(pinned, ['--version'], { encoding: 'utf8' }) : { status: 0 };
if (tried.status !== 0) {
  const why = tried.error?.code ?? `${tried.status ?? tried.signal} ${tried.stderr.trim()}`;
  process.stderr.write(
    `wavetank: its own Node does not run on this machine (${why}).\n` +
      '  It needs the C library of Debian, Ubuntu or Fedora, glibc 2.28 or newer, and a disk that programs may be run from.\n',
  );
  process.exitCode = 1;
}

/** Above a package, too: npm puts what several need as high as it can. */
function installedFolder(name) {
  for (let at = root; ; at = path.dirname(at)) {
    const folder = path.join(at, 'node_modules', name);
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    if (at === path.dirname(at)) return undefined;
  }
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
}

function isMusl() {
  return process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
}

function platformName() {
  const suffix =
    process.platform === 'linux' ? (isMusl() ? '-musl' : '-gnu') : process.platform === 'win32' ? '-msvc' : '';
  return `${process.platform}-${process.arch}${suffix}`;
}

/** Fetched by npm, which checks its integrity, and unpacked here: `npm install` within an installation would take away what that has just put there. */
function add(name, version) {
  process.stderr.write(`wavetank: adding ${name}@${version} (skipped by npm under Node ${process.versions.node})\n`);
  const modules = modulesFolder();
  mkdirSync(modules, { recursive: true });
  const draft = mkdtempSync(path.join(modules, '.wavetank-'));
  try {
    npm(['pack', `${name}@${version}`, '--pack-destination', draft, '--loglevel=error']);
    const archive = readdirSync(draft).find((file) => file.endsWith('.tgz'));
    execFileSync('tar', ['-xzf', path.join(draft, archive), '-C', draft], { stdio: ['ignore', 'ignore', 'inherit'] });
    const unpacked = path.join(draft, 'package');
    const { main, ...manifest } = manifestOf(unpacked);
    writeFileSync(path.join(unpacked, 'wavetank.cjs'), `module.exports = require('./${main}');\n`);
    writeFileSync(path.join(unpacked, 'manifest.cjs'), `exports.version = '${manifest.version}';\n`);
    const target = path.join(modules, name);
    mkdirSync(path.dirname(target), { recursive: true });
    rmSync(target, { recursive: true, force: true });
    renameSync(unpacked, target);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * A clone's own node_modules, where `npx hardhat` finds it too. In another project every later `npm install` would take it away again: there it lies in
 * wavetank's own folder, where harness/chain/native-binding looks.
 */
function modulesFolder() {
  const isClone = existsSync(path.join(root, 'node_modules'));
  const isInstalled = path.basename(path.dirname(root)) === 'node_modules';
  return path.join(root, isInstalled || !isClone ? 'native' : 'node_modules');
}

function npm(args) {
  const options = { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] };
  if (process.env.npm_execpath) execFileSync(process.execPath, [process.env.npm_execpath, ...args], options);
  else execFileSync('npm', args, options);
}
