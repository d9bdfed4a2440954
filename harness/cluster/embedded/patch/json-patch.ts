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
  // The document hangs below a root key, so that the empty path needs no case of its own.
  const holder = { root: cloneJson(document) };
  for (const operation of patch as unknown[]) applyOperation(holder, asOperation(operation));
  return holder.root;
}

function asOperation(value: unknown): Operation {
  if (!isObject(value) || typeof value['op'] !== 'string' || typeof value['path'] !== 'string') {
    throw rejected();
  }
  return value as unknown as Operation;
}

function applyOperation(holder: { root: unknown }, operation: Operation): void {
  const { op, path } = operation;
  switch (op) {
    case 'add':
      return add(holder, path, cloneJson(valueOf(operation)));
    case 'remove':
      remove(holder, path);
      return;
    case 'replace':
      return replace(holder, path, cloneJson(valueOf(operation)));
    case 'move':
      return add(holder, path, remove(holder, operation.from ?? ''));
    case 'copy':
      return add(holder, path, cloneJson(readForCopy(holder, operation.from ?? '')));
    case 'test':
      if (!equalJson(readForTest(holder, path), valueOf(operation))) throw rejected();
      return;
    default:
      throw rejected();
  }
}

function valueOf(operation: Operation): unknown {
  if (!('value' in operation)) throw rejected();
  return operation.value;
}

/** Steps from the holder: `['root', …]`. */
function pointer(path: string): string[] {
  if (path !== '' && !path.startsWith('/')) throw rejected();
  return [
    'root',
    ...path
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')),
  ];
}

function parentOf(holder: { root: unknown }, path: string): { parent: unknown; key: string } {
  const steps = pointer(path);
  const key = steps.pop() ?? '';
  let parent: unknown = holder;
  for (const step of steps) parent = child(parent, step);
  if (typeof parent !== 'object' || parent === null) throw rejected();
  return { parent, key };
}

function child(parent: unknown, key: string): unknown {
  if (Array.isArray(parent)) return /^\d+$/.test(key) ? (parent[Number(key)] as unknown) : undefined;
  return isObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined;
}

function add(holder: { root: unknown }, path: string, value: unknown): void {
  const { parent, key } = parentOf(holder, path);
  if (!Array.isArray(parent)) {
    Object.defineProperty(parent, key, { value, enumerable: true, writable: true, configurable: true });
    return;
  }
  const index = key === '-' ? parent.length : indexIn(key, parent.length);
  parent.splice(index, 0, value);
}

/** As the real server's library has it: a field need not be there to be replaced, an element must. */
function replace(holder: { root: unknown }, path: string, value: unknown): void {
  const { parent, key } = parentOf(holder, path);
  if (Array.isArray(parent)) parent[indexIn(key, parent.length - 1)] = value;
  else add(holder, path, value);
}

function remove(holder: { root: unknown }, path: string): unknown {
  const { parent, key } = parentOf(holder, path);
  if (Array.isArray(parent)) return parent.splice(indexIn(key, parent.length - 1), 1)[0] as unknown;
  const object = parent as Record<string, unknown>;
  if (!Object.hasOwn(object, key)) throw rejected();
  const value = object[key];
  delete object[key];
  return value;
}

function indexIn(key: string, last: number): number {
  const index = /^(0|[1-9]\d*)$/.test(key) ? Number(key) : -1;
  if (index < 0 || index > last) throw rejected();
  return index;
}

/** For a test nothing is as good as null, wherever the way to it ends. */
function readForTest(holder: { root: unknown }, path: string): unknown {
  let value: unknown = holder;
  for (const step of pointer(path)) value = child(value, step);
  return value ?? null;
}

/** A field need not be there to be copied, an element must. */
function readForCopy(holder: { root: unknown }, path: string): unknown {
  const { parent, key } = parentOf(holder, path);
  if (Array.isArray(parent)) return parent[indexIn(key, parent.length - 1)] as unknown;
  return child(parent, key) ?? null;
}

/** Whatever is the matter with an operation, the real server says no more. */
function rejected(): Error {
  return invalidRequest('the server rejected our request due to an error in our request');
}
