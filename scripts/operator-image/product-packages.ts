import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Folders below `node_modules` of what core and engine import, and of all that those packages need in turn. */
export function productPackages(root: string): string[] {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, LockedPackage>>;
  };
  const found = new Set<string>();
  const open: (readonly [string, string])[] = importedBy(root, ['core', 'engine']).map((name) => [name, '']);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const folder = locate(lock.packages, ...next);
    if (folder === undefined || found.has(folder)) continue;
    found.add(folder);
    for (const name of Object.keys(lock.packages[folder]?.dependencies ?? {})) open.push([name, folder]);
  }
  return [...found].toSorted();
}

/** Read only where a kubeconfig asks for a plugin, which no pod's own account does. */
const NOT_IN_PODS = new Set(['@kubernetes/client-node']);

function importedBy(root: string, folders: readonly string[]): string[] {
  const files = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => path.join(folder, file)),
  );
  const names = files
    .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|\/testing\//.test(file))
    .flatMap((file) => [...readFileSync(path.join(root, file), 'utf8').matchAll(/(?:from|import\()\s*'([^.'][^']*)'/g)])
    .map((match) =>
      (match[1] ?? '')
        .split('/')
        .slice(0, match[1]?.startsWith('@') ? 2 : 1)
        .join('/'),
    )
    .filter((name) => !name.startsWith('node:') && !NOT_IN_PODS.has(name));
  return [...new Set(names)];
}

/** As Node looks: in the folder of who asks, then in those above it. */
function locate(packages: Readonly<Record<string, LockedPackage>>, name: string, from: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const folder = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (folder in packages) return folder;
    if (at === '') return undefined;
  }
}
