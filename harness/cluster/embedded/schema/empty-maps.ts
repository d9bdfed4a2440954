import type { KubeObject } from '../kube-object.ts';

/** Maps of data that were sent without an entry: nothing is kept of them, but to an immutable object they are a change. */
const EMPTY_MAPS = new WeakMap<KubeObject, ReadonlySet<string>>();

const FIELDS = ['data', 'binaryData'] as const;

/** Looks at an object as it was sent, before its empty values go. */
export function noteEmptyMaps(object: KubeObject): void {
  const empty = FIELDS.filter((name) => {
    const value = object[name];
    return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  });
  if (empty.length > 0) EMPTY_MAPS.set(object, new Set(empty));
}

export function wasSentEmpty(object: KubeObject, name: string): boolean {
  return EMPTY_MAPS.get(object)?.has(name) === true && object[name] === undefined;
}
