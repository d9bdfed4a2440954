import type { ApiCore, RequestContext } from '../api-core.ts';
import { cloneJson, isObject } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { badRequest, invalid, notFound, unsupportedMediaType } from '../kube-status.ts';
import { checkVersion } from '../lifecycle.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../patch/strategic-merge-patch.ts';
import { decodeObject } from './decode.ts';
import type { UpdateTarget } from './update.ts';
import { writeUpdate } from './update.ts';

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
  if (!supported.includes(mediaType)) throw unsupportedMediaType(supported);
  const previous = core.store.get(served.key, namespace, name);
  if (previous === undefined) throw notFound(served, name);
  const patched = applyPatch(core, target, mediaType, cloneJson(previous), patch);
  const object = decodeObject(core, context, served, patched);
  if (object.metadata.name !== name || object.metadata.namespace !== previous.metadata.namespace) {
    throw badRequest(
      `the name or namespace of the patched object (${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}) does not match the request`,
    );
  }
  // A version in the patch makes it conditional; without one it applies to whatever is there now.
  checkVersion(served, previous, object, { needsVersion: false });
  if (object.metadata.uid !== previous.metadata.uid) {
    throw invalid(served, name, [
      {
        reason: 'FieldValueInvalid',
        field: 'metadata.uid',
        message: `Invalid value: ${JSON.stringify(object.metadata.uid)}: field is immutable`,
      },
    ]);
  }
  return writeUpdate(core, context, target, previous, object);
}

function applyPatch(
  core: ApiCore,
  { served }: UpdateTarget,
  mediaType: string,
  document: KubeObject,
  patch: unknown,
): unknown {
  if (mediaType === JSON_PATCH) return applyJsonPatch(document, patch);
  if (!isObject(patch))
    throw badRequest('error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}');
  if (mediaType === MERGE_PATCH) return applyMergePatch(document, patch);
  return applyStrategicMergePatch(document as unknown as Record<string, unknown>, patch, core.schema.patchRoot(served));
}
