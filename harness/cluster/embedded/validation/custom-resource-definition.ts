import type { ApiCore } from '../api-core.ts';
import { establish } from '../crd/establish.ts';
import { validateDefinition } from '../crd/validate-definition.ts';
import { objectAt, stringAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { forbidden as forbiddenField } from '../schema/validate/field-causes.ts';
import type { KindStrategy } from './kind-strategy.ts';

/** While a definition goes, its objects go first; the deletion itself adds it. */
export const CRD_CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

export const crdStrategy: KindStrategy = {
  prepareCreate(object) {
    completeNames(object);
    object['status'] = { conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: [] };
  },
  prepareUpdate: (object) => completeNames(object),
  deletionFinalizer: CRD_CLEANUP_FINALIZER,
  validate: (object) => validateDefinition(object),
  validateUpdate: (object, previous) =>
    stringAt(object, 'spec', 'scope') === stringAt(previous, 'spec', 'scope') &&
    stringAt(object, 'spec', 'group') === stringAt(previous, 'spec', 'group')
      ? []
      : [forbiddenField('spec', 'scope and group are immutable')],
  afterWrite: (core: ApiCore, object: KubeObject) => establish(core, object),
};

/** In place. */
function completeNames(object: KubeObject): void {
  const spec = objectAt(object, 'spec');
  const names = objectAt(spec, 'names');
  const kind = stringAt(names, 'kind') ?? '';
  if (kind !== '') {
    names['singular'] ||= kind.toLowerCase();
    names['listKind'] ||= `${kind}List`;
  }
  spec['conversion'] ??= { strategy: 'None' };
}
