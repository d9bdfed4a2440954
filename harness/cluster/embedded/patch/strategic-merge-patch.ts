import { cloneJson, equalJson, isObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { badRequest, invalidRequest, unexplained } from '../kube-status.ts';
import type { PatchNode } from '../schema-face.ts';

const DIRECTIVE = '$patch';
const DELETE_FROM_LIST = '$deleteFromPrimitiveList/';
const ELEMENT_ORDER = '$setElementOrder/';
const RETAIN_KEYS = '$retainKeys';

/**
 * Strategic merge patch: like a merge patch, but lists whose schema has a merge key are merged element by element,
 * and directives ($patch, $retainKeys, $deleteFromPrimitiveList, $setElementOrder) say what the shape alone cannot.
 * @returns a new object @throws KubeStatusError 400 for directives that make no sense.
 */
export function applyStrategicMergePatch(
  target: JsonObject,
  patch: JsonObject,
  node: PatchNode | undefined,
): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined) throw unexplained(`unknown patch type: ${String(directive)} in map: ${goMap(patch)}`);
  const result: JsonObject = { ...retained(target, patch) };
  for (const [key, value] of Object.entries(patch)) {
    if (key === DIRECTIVE || key === RETAIN_KEYS || key.startsWith(ELEMENT_ORDER)) continue;
    if (key === DELETE_FROM_LIST.slice(0, -1)) throw badRequest('invalid patch format of primitive list');
    if (key.startsWith(DELETE_FROM_LIST)) deleteFromList(result, key.slice(DELETE_FROM_LIST.length), value);
    else if (value === null) delete result[key];
    else {
      const merged = mergeValue(result[key], value, node?.field(key));
      if (merged === undefined) delete result[key];
      else result[key] = merged;
    }
  }
  for (const [key, order] of Object.entries(patch)) {
    if (key.startsWith(ELEMENT_ORDER)) reorder(result, key.slice(ELEMENT_ORDER.length), order, patch, node);
  }
  return result;
}

/** A map as Go prints it. */
function goMap(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goMap).join(' ')}]`;
  if (!isObject(value)) return value === null ? '<nil>' : String(value as string | number | boolean);
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[${fields.map(([key, item]) => `${key}:${goMap(item)}`).join(' ')}]`;
}

/** $retainKeys: of the present keys only the listed ones stay. */
function retained(target: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch[RETAIN_KEYS];
  if (keys === undefined) return target;
  const listed = Array.isArray(keys) && Object.keys(patch).every((key) => key.startsWith('$') || keys.includes(key));
  if (!listed) throw badRequest('invalid patch format of retainKeys');
  return Object.fromEntries(Object.entries(target).filter(([key]) => keys.includes(key)));
}

/** undefined: what the patch has there is a directive alone. */
function mergeValue(current: unknown, patch: unknown, node: PatchNode | undefined): unknown {
  if (Array.isArray(patch)) return Array.isArray(current) ? mergeList(current as unknown[], patch, node) : taken(patch);
  if (!isObject(patch)) return patch;
  if (!isObject(current)) return taken(patch);
  if (node?.strategies.includes('replace')) return cloneJson(patch);
  return applyStrategicMergePatch(current, patch, node);
}

/**
 * Where there is nothing yet to merge with, the patch is taken as it is, but for nulls and for every object that has a directive:
 * that goes as a whole, whatever the directive is.
 */
function taken(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(taken).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (DIRECTIVE in value) return undefined;
  const kept = Object.entries(value)
    .filter(([, item]) => item !== null)
    .map(([key, item]): [string, unknown] => [key, taken(item)]);
  return Object.fromEntries(kept.filter(([, item]) => item !== undefined));
}

function mergeList(current: readonly unknown[], patch: unknown[], node: PatchNode | undefined): unknown[] {
  if (!node?.strategies.includes('merge')) return cloneJson(patch);
  if (node.mergeKey === undefined) return mergeScalars(current, patch);
  return mergeByKey(current, patch, node.mergeKey, node.items());
}

function mergeScalars(list: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const merged = [...list];
  for (const item of patch) if (!merged.some((present) => equalJson(present, item))) merged.push(cloneJson(item));
  return orderedAsReal(merged, list, (item) => patch.findIndex((sent) => equalJson(sent, item)));
}

/**
 * What the patch names comes in its own order; every other element goes in before the first one that followed it on the server, so
 * that elements that are new come first.
 */
function orderedAsReal(
  merged: readonly unknown[],
  server: readonly unknown[],
  patchedAt: (item: unknown) => number,
  identity: (item: unknown) => unknown = (item) => item,
): unknown[] {
  const place = (item: unknown): number => server.findIndex((there) => equalJson(identity(there), identity(item)));
  const ordered = merged.filter((item) => patchedAt(item) >= 0).toSorted((a, b) => patchedAt(a) - patchedAt(b));
  let from = 0;
  for (const item of merged.filter((other) => patchedAt(other) < 0)) {
    const at = ordered.findIndex((other, index) => index >= from && place(other) > place(item));
    const to = at < 0 ? ordered.length : at;
    ordered.splice(to, 0, item);
    from = to + 1;
  }
  return ordered;
}

function mergeByKey(
  list: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
  itemNode: PatchNode | undefined,
): unknown[] {
  const items = patch.map((item) => {
    if (!isObject(item))
      throw badRequest(`expected an object with the merge key ${mergeKey}, got ${JSON.stringify(item)}`);
    return item;
  });
  for (const item of items) {
    const directive = item[DIRECTIVE];
    if (directive === 'merge') throw unexplained('merging lists cannot yet be specified in the patch');
    if (directive !== undefined && directive !== 'replace' && directive !== 'delete')
      throw unexplained(`unknown patch type: ${String(directive)} in map: ${goMap(item)}`);
  }
  // As the real server: one element that says replace replaces the whole list, by the elements without a directive.
  if (items.some((item) => item[DIRECTIVE] === 'replace'))
    return cloneJson(items.filter((item) => !(DIRECTIVE in item)));
  let merged = [...list];
  for (const item of items) {
    const key = item[mergeKey];
    if (key === undefined) throw unexplained(`map: ${goMap(item)} does not contain declared merge key: ${mergeKey}`);
    const at = merged.findIndex((present) => isObject(present) && equalJson(present[mergeKey], key));
    if (item[DIRECTIVE] === 'delete')
      merged = merged.filter((present) => !(isObject(present) && equalJson(present[mergeKey], key)));
    else if (at < 0) merged.push(cloneJson(item));
    else merged[at] = applyStrategicMergePatch(merged[at] as JsonObject, item, itemNode);
  }
  const identity = (item: unknown): unknown => (isObject(item) ? item[mergeKey] : undefined);
  return orderedAsReal(
    merged,
    list,
    (item) => items.findIndex((sent) => equalJson(sent[mergeKey], identity(item))),
    identity,
  );
}

function deleteFromList(result: JsonObject, key: string, values: unknown): void {
  const current = result[key];
  if (!Array.isArray(values)) throw badRequest(`the value of ${DELETE_FROM_LIST}${key} is not a list`);
  if (Array.isArray(current))
    result[key] = (current as unknown[]).filter((item) => !values.some((value) => equalJson(item, value)));
}

/** $setElementOrder: the listed elements in this order; those that it does not list keep their place after their predecessor. */
function reorder(
  result: JsonObject,
  key: string,
  order: unknown,
  patch: JsonObject,
  node: PatchNode | undefined,
): void {
  const current = result[key];
  if (!Array.isArray(order)) throw badRequest(`the value of ${ELEMENT_ORDER}${key} is not a list`);
  if (!Array.isArray(current)) return;
  const mergeKey = node?.field(key)?.mergeKey;
  const identity = (item: unknown): unknown => (mergeKey !== undefined && isObject(item) ? item[mergeKey] : item);
  const ranks = (order as unknown[]).map(identity);
  const missing = arrayOf(patch[key]).find(
    (item) => !isDirectiveOnly(item) && !isDeletion(item) && rankOf(ranks, identity(item)) < 0,
  );
  if (missing !== undefined) {
    throw invalidRequest(
      `The order in patch list:\n${JSON.stringify(patch[key])}\n doesn't match ${ELEMENT_ORDER} list:\n${JSON.stringify(order)}`,
    );
  }
  const listed = (current as unknown[]).filter((item) => rankOf(ranks, identity(item)) >= 0);
  const sorted = listed.toSorted((a, b) => rankOf(ranks, identity(a)) - rankOf(ranks, identity(b)));
  let next = 0;
  result[key] = (current as unknown[]).map((item) => (rankOf(ranks, identity(item)) >= 0 ? sorted[next++] : item));
}

function rankOf(ranks: readonly unknown[], identity: unknown): number {
  return ranks.findIndex((rank) => equalJson(rank, identity));
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function isDeletion(item: unknown): boolean {
  return isObject(item) && item[DIRECTIVE] === 'delete';
}

function isDirectiveOnly(item: unknown): boolean {
  return isObject(item) && DIRECTIVE in item && Object.keys(item).length === 1;
}

function withoutDirectives(value: JsonObject): JsonObject {
  const copy = cloneJson(value);
  delete copy[DIRECTIVE];
  delete copy[RETAIN_KEYS];
  return copy;
}
