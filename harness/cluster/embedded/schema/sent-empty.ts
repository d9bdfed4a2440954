import type { KubeObject } from '../kube-object.ts';

/** Fields in which an empty list or map was sent where nothing is kept of it: to some rules that is a change all the same. */
const SENT_EMPTY = new WeakMap<KubeObject, ReadonlySet<string>>();

/** The kinds that have such rules. */
const ASKED_OF = new Set(['ConfigMap', 'Secret', 'NetworkPolicy']);

/** Reads an object by `read`, which drops what is empty or has a default for it, and remembers in which of its fields something was dropped. */
export function rememberingEmpties(object: KubeObject, read: () => void): void {
  if (!ASKED_OF.has(object.kind ?? '')) return read();
  const before = Object.entries(object).map(([name, value]) => [name, emptiesIn(value)] as const);
  read();
  const dropped = before.flatMap(([name, paths]) =>
    paths.some((path) => valueIn(object[name], path) === undefined) ? [name] : [],
  );
  if (dropped.length > 0) SENT_EMPTY.set(object, new Set(dropped));
}

export function wasSentEmpty(object: KubeObject, name: string): boolean {
  return SENT_EMPTY.get(object)?.has(name) === true;
}

type Path = readonly string[];

/** The paths of all empty lists and maps. */
function emptiesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const items = Object.entries(value);
  return items.length === 0 ? [path] : items.flatMap(([name, item]) => emptiesIn(item, [...path, name]));
}

function valueIn(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>> | undefined)?.[name], value);
}
