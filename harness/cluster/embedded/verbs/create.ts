import type { AdmissionRequest, ApiCore, RequestContext } from '../api-core.ts';
import type { KubeObject } from '../kube-object.ts';
import { alreadyExists, badRequest, generateNameConflict, invalid, unexplained } from '../kube-status.ts';
import { generatedName, stampNew } from '../lifecycle.ts';
import type { ServedResource } from '../resource-table.ts';
import { strategyOf } from '../validation/strategy.ts';
import { repeatedItems, validateNew } from '../validation/validate.ts';
import { decodeObject } from './decode.ts';
import { foreignKind, hasForeignKind } from './type-meta.ts';

/** As often as the real server tries a generated name. */
const NAME_ATTEMPTS = 8;

/** Creates `body`, which becomes the store's own. @returns the stored (frozen) object. */
export function createObject(
  core: ApiCore,
  context: RequestContext,
  served: ServedResource,
  namespace: string | undefined,
  body: unknown,
): KubeObject {
  const object = decodeObject(core, context, served, body);
  placeInNamespace(served, object, namespace);
  const attempts = object.metadata.name ? 1 : NAME_ATTEMPTS;
  const prefix = object.metadata.generateName;
  for (let attempt = 1; ; attempt++) {
    if (attempts > 1 && prefix) object.metadata.name = generatedName(prefix, core.entropy);
    if (attempt < attempts && core.store.get(served.key, namespace, object.metadata.name ?? '')) continue;
    return insert(core, context, served, namespace, object);
  }
}

export function insert(
  core: ApiCore,
  context: RequestContext,
  served: ServedResource,
  namespace: string | undefined,
  object: KubeObject,
): KubeObject {
  const { resourceVersion: asked = '' } = object.metadata;
  stampNew(core, served, object);
  strategyOf(served).prepareCreate?.(object, core);
  const request: AdmissionRequest = {
    core,
    context,
    operation: 'CREATE',
    served,
    subresource: '',
    namespace,
    name: object.metadata.name ?? '',
    object,
    previous: undefined,
  };
  for (const plugin of core.admission) plugin.mutate?.(request);
  if (hasForeignKind(served, object)) throw foreignKind(served, object, repeatedItems(served, object));
  const causes = validateNew(core, served, object);
  if (causes.length > 0) throw invalid(served, object.metadata.name ?? '', causes);
  context.warnings.push(...(strategyOf(served).warnings?.(object) ?? []));
  for (const plugin of core.admission) plugin.validate?.(request);
  const name = object.metadata.name ?? '';
  if (!context.isDryRun && /^[1-9]\d*$/.test(asked))
    throw unexplained('resourceVersion should not be set on objects to be created');
  // A prefix is what the client meant, even beside a name of its own.
  const taken = core.store.get(served.key, namespace, name);
  if (taken !== undefined) {
    const isGoing = taken.metadata.deletionTimestamp !== undefined;
    throw object.metadata.generateName
      ? generateNameConflict(served, name, isGoing)
      : alreadyExists(served, name, isGoing);
  }
  if (context.isDryRun) {
    if (asked !== '') object.metadata.resourceVersion = asked;
    return object;
  }
  const stored = core.store.put(served.key, object);
  strategyOf(served).afterWrite?.(core, stored);
  return stored;
}

export function placeInNamespace(served: ServedResource, object: KubeObject, namespace: string | undefined): void {
  if (!served.namespaced) {
    delete object.metadata.namespace;
    return;
  }
  if (object.metadata.namespace && object.metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (namespace === undefined) throw badRequest('an empty namespace may not be set during creation');
  object.metadata.namespace = namespace;
}
