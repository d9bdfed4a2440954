import { arrayAt, stringAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { KindStrategy } from './kind-strategy.ts';
import { serviceAccountWarnings } from './warnings/kind-warnings.ts';

/** Secrets are named and nothing else. */
export const serviceAccountStrategy: KindStrategy = {
  warnings: (account) => serviceAccountWarnings(account),
  updateWarnings: serviceAccountWarnings,
  prepareCreate: nameSecrets,
  prepareUpdate: nameSecrets,
};

/** In place. */
function nameSecrets(object: KubeObject): void {
  if (object['secrets'] === undefined) return;
  object['secrets'] = arrayAt(object, 'secrets').map((secret) => {
    const name = stringAt(secret, 'name');
    return name === undefined ? {} : { name };
  });
}
