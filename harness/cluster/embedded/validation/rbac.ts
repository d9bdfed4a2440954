import { valueAt } from '../json.ts';
import { forbidden } from '../schema/validate/field-causes.ts';
import type { KindStrategy } from './kind-strategy.ts';

export const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** Differs from kube-apiserver: aggregated cluster roles are refused, because no controller here would fill their rules. */
export const clusterRoleStrategy: KindStrategy = {
  createsOnUpdate: true,
  validate: (object) =>
    valueAt(object, 'aggregationRule') === undefined
      ? []
      : [forbidden('aggregationRule', 'aggregated cluster roles are not served by this cluster')],
};
