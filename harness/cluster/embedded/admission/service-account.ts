import type { AdmissionPlugin } from '../api-core.ts';
import { arrayAt, cloneJson, objectAt, stringAt } from '../json.ts';
import { forbidden } from '../kube-status.ts';
import { pathSegment } from '../schema/validate/names.ts';
import { nameBefore } from './name-before.ts';

/**
 * Pods run as an existing service account, `default` when they name none, and pull with its secrets when they name none.
 * Differs from kube-apiserver: no token is mounted by itself, because pods here have no route to the API server.
 */
export const serviceAccount: AdmissionPlugin = {
  mutate(request) {
    const { core, operation, served, namespace, object } = request;
    if (operation !== 'CREATE' || served.key !== '/pods' || object === undefined) return;
    const spec = objectAt(object, 'spec');
    const account = stringAt(spec, 'serviceAccountName') || stringAt(spec, 'serviceAccount') || 'default';
    spec['serviceAccountName'] = account;
    spec['serviceAccount'] = account;
    const found = core.store.get('/serviceaccounts', namespace, account);
    if (found !== undefined) {
      const secrets = arrayAt(found, 'imagePullSecrets');
      if (arrayAt(spec, 'imagePullSecrets').length === 0 && secrets.length > 0)
        spec['imagePullSecrets'] = cloneJson(secrets);
      return;
    }
    const odd = pathSegment(account);
    const why =
      odd.length > 0
        ? `invalid resource name "${account}": [${odd.join(' ')}]`
        : `serviceaccount "${account}" not found`;
    throw forbidden(served, nameBefore(request), `error looking up service account ${namespace}/${account}: ${why}`);
  },
};
