import type { JsonObject } from '../json.ts';
import { cloneJson, equalJson, isObject } from '../json.ts';
import { badRequest, invalidRequest } from '../kube-status.ts';

/** RFC 6902, with the API server's limit on the number of operations. */
const MOST_OPERATIONS = 10_000;

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** @returns a new document @throws KubeStatusError 400 for what is no patch, 422 for one that cannot be applied. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${typeof patch} into Go value of type []handlers.jsonPatchOp`,
    );
  if (patch.length > MOST_OPERATIONS) {
    throw invalidRequest(`The allowed maximum operations in a JSON patch is ${MOST_OPERATIONS}, got ${patch.length}`);
  }
  const holder = { root: cloneJson(document) };
  for (const operation of patch as unknown[]) applyOperation(holder, asOperation(operation));
  return holder.root;
}

interface Holder {
  root: unknown;
}

function asOperation(value: unknown): Operation {
  if (!isObject(value) || typeof value['op'] !== 'string' || typeof value['path'] !== 'string') throw rejected();
  return value as unknown as Operation;
}

function applyOperation(holder: Holder, operation: Operation): void {
  const { op, path } = operation;
  switch (op) {
    case 'add':
      return add(holder, path, cloneJson(operation.value ?? null));
    case 'remove':
      remove(holder, path);
      return;
    case 'replace':
      return replace(holder, path, cloneJson(operation.value ?? null));
    case 'move':
      return add(holder, path, remove(holder, operation.from ?? ''));
    case 'copy':
      return add(holder, path, cloneJson(read(holder, operation.from ?? '')));
    case 'test':
      if (!('value' in operation)) throw rejected();
      if (!equalJson(path === '' ? holder.root : read(holder, path), operation.value ?? null)) throw rejected();
      return;
    default:
      throw rejected();
  }
}

/** What holds the place that a path names. The way to it has to be there; the whole document is no place in anything. */
function placeOf(holder: Holder, path: string): { parent: JsonObject | unknown[]; key: string } {
  const steps = path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = steps.pop();
  let parent = holder.root;
  for (const step of steps) parent = Array.isArray(parent) ? elementOf(parent, step) : fieldOf(parent, step);
  if (key === undefined || typeof parent !== 'object' || parent === null) throw rejected();
  return { parent: parent as JsonObject | unknown[], key };
}

function fieldOf(parent: unknown, key: string): unknown {
  return isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
}

function elementOf(parent: readonly unknown[], key: string): unknown {
  return parent[indexIn(key, parent.length)];
}

function add(holder: Holder, path: string, value: unknown): void {
  const { parent, key } = placeOf(holder, path);
  if (!Array.isArray(parent)) setField(parent, key, value);
  else if (key === '-') parent.push(value);
  else parent.splice(indexIn(key, parent.length + 1), 0, value);
}

function setField(object: JsonObject, key: string, value: unknown): void {
  // As in every other body: plain assignment would lose it later.
  if (key === '__proto__') throw badRequest('"__proto__" is not accepted as a key');
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

/** As the real server's library has it: a field need not be there to be replaced, an element must. */
function replace(holder: Holder, path: string, value: unknown): void {
  if (path === '') {
    if (typeof value !== 'object' || value === null) throw rejected();
    holder.root = value;
    return;
  }
  const { parent, key } = placeOf(holder, path);
  if (Array.isArray(parent)) parent[indexIn(key, parent.length)] = value;
  else setField(parent, key, value);
}

function remove(holder: Holder, path: string): unknown {
  const { parent, key } = placeOf(holder, path);
  if (Array.isArray(parent)) return parent.splice(indexIn(key, parent.length), 1)[0] as unknown;
  if (!Object.hasOwn(parent, key)) throw rejected();
  const value = parent[key];
  delete parent[key];
  return value;
}

/** For a test and a copy a field that is not there is null; an element has to be there. */
function read(holder: Holder, path: string): unknown {
  const { parent, key } = placeOf(holder, path);
  return (Array.isArray(parent) ? elementOf(parent, key) : fieldOf(parent, key)) ?? null;
}

/** A whole number below `count`; from the end when it is negative. */
function indexIn(key: string, count: number): number {
  const index = /^[+-]?\d+$/.test(key) ? Number(key) : count;
  const place = index < 0 ? index + count : index;
  if (place < 0 || place >= count) throw rejected();
  return place;
}

/** Whatever is the matter with an operation, the real server says no more. */
function rejected(): Error {
  return invalidRequest('the server rejected our request due to an error in our request');
}
