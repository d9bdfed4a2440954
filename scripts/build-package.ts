import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { plainJavaScript } from './package/plain-javascript.ts';

/**
 * `npm pack` runs this first: what the package holds is the tree of this repository below `dist/`, as plain JavaScript with declarations, since
 * Node strips no types inside `node_modules`.
 */
const ROOT = path.join(import.meta.dirname, '..');
const DIST = path.join(ROOT, 'dist');
const FOLDERS = ['core', 'contracts', 'provider', 'engine', 'harness', 'scenarios', 'fixtures'];
const LEFT_OUT =
  /\.(test|contract)\.ts$|(^|\/)(testing|integration|contract)\/|^fixtures\/vectors\/|\/schema\/generated\/vectors\/|\.md$/;

rmSync(DIST, { recursive: true, force: true });
for (const file of await sourceFiles()) copy(file);
writeFileSync(path.join(DIST, 'package.json'), `${JSON.stringify(ownManifest(), null, 2)}\n`);
await declarations();

async function sourceFiles(): Promise<string[]> {
  const { stdout } = await execa('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...FOLDERS], {
    cwd: ROOT,
  });
  return stdout.split('\n').filter((file) => file !== '' && !LEFT_OUT.test(file));
}

function copy(file: string): void {
  const source = path.join(ROOT, file);
  const isTypeScript = file.endsWith('.ts');
  const target = path.join(DIST, isTypeScript ? file.replace(/\.ts$/, '.js') : file);
  mkdirSync(path.dirname(target), { recursive: true });
  if (isTypeScript) writeFileSync(target, plainJavaScript(readFileSync(source, 'utf8')));
  else cpSync(source, target);
}

/** Says that everything below is a module, and which version it is. */
function ownManifest(): object {
  const { name, version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Record<string, string>;
  return { name, version, type: 'module', private: true };
}

async function declarations(): Promise<void> {
  const config = path.join(ROOT, 'dist', 'tsconfig.json');
  const settings = {
    extends: '../tsconfig.json',
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: '..',
      outDir: '.',
      types: ['node'],
      paths: {},
    },
    include: [],
    files: ['../harness/index.ts'],
  };
  writeFileSync(config, JSON.stringify(settings));
  await execa('tsc', ['-p', config], { cwd: ROOT, preferLocal: true, stdio: 'inherit' });
  rmSync(config);
}
