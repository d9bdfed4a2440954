import { arrayAt, isObject, stringAt, valueAt } from '../../json.ts';

/** A file of a volume, and where it comes from. */
interface FilePath {
  readonly path: string;
  readonly source: string;
}

const FROM_ONE = [
  ['configMap', 'ConfigMap', 'name'],
  ['secret', 'Secret', 'secretName'],
  ['downwardAPI', 'DownwardAPI', undefined],
] as const;

const PROJECTED = [
  ['configMap', 'ConfigMap'],
  ['secret', 'Secret'],
  ['downwardAPI', 'DownwardAPI'],
] as const;

/** Files of one volume that come to lie in each other's place, and projected volumes with nothing in them. */
export function pathWarnings(volumes: readonly unknown[]): string[] {
  return volumes.flatMap((volume) => {
    const name = JSON.stringify(stringAt(volume, 'name') ?? '');
    const tell = (what: string, overlaps: readonly string[]): string[] =>
      overlaps.map((overlap) => `volume ${name} (${what}): overlapping paths: ${overlap}`);
    const own = FROM_ONE.flatMap(([field, kind, nameField]) => {
      const source = valueAt(volume, field);
      const what = nameField === undefined ? kind : `${kind} ${JSON.stringify(stringAt(source, nameField) ?? '')}`;
      return tell(what, overlapsIn(pathsOf(source, '')));
    });
    const sources = arrayAt(volume, 'projected', 'sources');
    const taken: FilePath[] = [];
    const projected = sources.flatMap((source) =>
      !isObject(source) || Object.keys(source).length === 0
        ? [`volume ${name} (Projected) has no sources provided`]
        : tell('Projected', overlapsIn(projectedPaths(source), taken)),
    );
    return [...own, ...projected];
  });
}

function pathsOf(source: unknown, from: string): FilePath[] {
  return arrayAt(source, 'items').map((item) => ({ path: stringAt(item, 'path') ?? '', source: from }));
}

function projectedPaths(source: unknown): FilePath[] {
  for (const [field, kind] of PROJECTED) {
    const projection = valueAt(source, field);
    if (valueAt(projection, 'items') === undefined) continue;
    const from = field === 'downwardAPI' ? kind : `${kind} ${JSON.stringify(stringAt(projection, 'name') ?? '')}`;
    return pathsOf(projection, from);
  }
  const token = valueAt(source, 'serviceAccountToken');
  return token === undefined ? [] : [{ path: stringAt(token, 'path') ?? '', source: 'ServiceAccountToken' }];
}

/** @param taken of earlier sources; grows. */
function overlapsIn(paths: readonly FilePath[], taken: FilePath[] = []): string[] {
  const overlaps: string[] = [];
  for (const { path: written, source } of paths) {
    const path = written.replace(/\/+$/, '');
    for (const other of taken) {
      if (path !== '' && other.path !== '' && (isBelow(path, other.path) || isBelow(other.path, path)))
        overlaps.push(`${shown({ path, source })} with ${shown(other)}`);
    }
    taken.push({ path, source });
  }
  return overlaps;
}

function isBelow(path: string, above: string): boolean {
  return `${path}/`.startsWith(`${above}/`);
}

function shown({ path, source }: FilePath): string {
  return source === '' ? JSON.stringify(path) : `${JSON.stringify(path)} (${source})`;
}
