import type { ApiCore, RequestContext } from '../api-core.ts';
import { cloneJson, isObject, withSortedKeys } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { badRequest, invalid, notFound, routerUnsupportedMediaType, unsupportedMediaType } from '../kube-status.ts';
import { checkVersion } from '../lifecycle.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../patch/strategic-merge-patch.ts';
import type { ServedResource } from '../resource-table.ts';
import { invalid as invalidValue } from '../schema/validate/field-causes.ts';
import { decodeObject } from './decode.ts';
import { DecodeError, nameOfType, UnrecognizedError } from './type-meta.ts';
import type { UpdateTarget } from './update.ts';
import { checkPlace, writeUpdate } from './update.ts';

export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_MERGE_PATCH = 'application/strategic-merge-patch+json';
// Differs from kube-apiserver: application/apply-patch+yaml and +cbor (server-side apply) are not served.
export const PATCH_TYPES = [JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH];

export function patchObject(
  core: ApiCore,
  context: RequestContext,
  target: UpdateTarget,
  mediaType: string,
  patch: unknown,
): KubeObject {
  const { served, namespace, name } = target;
  const supported = served.custom ? [JSON_PATCH, MERGE_PATCH] : PATCH_TYPES;
  if (!supported.includes(mediaType))
    throw served.custom ? unsupportedMediaType(supported) : routerUnsupportedMediaType();
  const previous = core.store.get(served.key, namespace, name);
  if (previous === undefined) throw notFound(served, name);
  const patched = applyPatch(core, target, mediaType, cloneJson(previous), patch);
  const object = decodePatched(core, context, served, patched);
  checkPlace(target, object);
  // A version in the patch makes it conditional; without one it applies to whatever is there now.
  checkVersion(served, previous, object);
  return writeUpdate(core, context, target, previous, object);
}

/** What a patch made of an object is judged as part of the patch. */
function decodePatched(core: ApiCore, context: RequestContext, served: ServedResource, patched: unknown): KubeObject {
  try {
    return decodeObject(core, context, served, patched);
  } catch (error) {
    if (!(error instanceof DecodeError || error instanceof UnrecognizedError)) throw error;
    // Differs from kube-apiserver: for a strategic merge patch it prints the patch, and says of a wrong type what its converter says.
    throw invalid({ group: '', kind: '' }, '', [invalidValue('patch', JSON.stringify(patched), error.why)]);
  }
}

function applyPatch(
  core: ApiCore,
  { served }: UpdateTarget,
  mediaType: string,
  document: KubeObject,
  patch: unknown,
): unknown {
  // Both read the object as maps, which are written in the order of their keys: of several faults the first is told.
  if (mediaType === JSON_PATCH) return withSortedKeys(applyJsonPatch(document, patch));
  if (!isObject(patch))
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${nameOfType(patch)} into Go value of type map[string]interface {}`,
    );
  if (mediaType === MERGE_PATCH) return withSortedKeys(applyMergePatch(document, patch));
  const patched = applyStrategicMergePatch(
    document as unknown as Record<string, unknown>,
    patch,
    core.schema.patchRoot(served),
  );
  core.schema.wrapIntegers(served, patched as unknown as KubeObject);
  // It applies to the typed object, whose kind and version are not among its fields.
  for (const field of ['apiVersion', 'kind'] as const)
    if (typeof patched[field] === 'string' || patched[field] === undefined) patched[field] = document[field];
  return patched;
}
