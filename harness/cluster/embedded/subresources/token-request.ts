import type { ApiCore, RequestContext } from '../api-core.ts';
import { timestamp } from '../api-core.ts';
import type { BoundObject, ServiceAccountTokens } from '../auth/service-account-tokens.ts';
import { API_AUDIENCE } from '../auth/service-account-tokens.ts';
import { arrayAt, isObject, stringAt, valueAt } from '../json.ts';
import { badRequest, conflict, invalid, notFound } from '../kube-status.ts';
import { invalid as invalidValue } from '../schema/validate/field-causes.ts';
import type { UpdateTarget } from '../verbs/update.ts';

const DEFAULT_SECONDS = 3600;
const LEAST_SECONDS = 600;
const MOST_SECONDS = 2 ** 32;

/** POST serviceaccounts/{name}/token. */
export function requestToken(
  core: ApiCore,
  context: RequestContext,
  tokens: ServiceAccountTokens,
  { served, namespace, name }: UpdateTarget,
  body: unknown,
): unknown {
  if (!isObject(body)) throw badRequest('TokenRequest must be an object');
  const account = core.store.get(served.key, namespace, name);
  if (account === undefined) throw notFound(served, name);
  const seconds = valueAt(body, 'spec', 'expirationSeconds') ?? DEFAULT_SECONDS;
  const about = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
  if (typeof seconds !== 'number' || seconds < LEAST_SECONDS) {
    throw invalid(about, '', [
      invalidValue('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes'),
    ]);
  }
  if (seconds > MOST_SECONDS)
    throw invalid(about, '', [
      invalidValue('spec.expirationSeconds', seconds, 'may not specify a duration larger than 2^32 seconds'),
    ]);
  const audiences = arrayAt(body, 'spec', 'audiences').map(String);
  const issued = tokens.issue(account, seconds, audiences, boundObject(core, namespace, body));
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: timestamp(core.clock.now()) },
    spec: {
      audiences: audiences.length > 0 ? audiences : [API_AUDIENCE],
      expirationSeconds: seconds,
      boundObjectRef: valueAt(body, 'spec', 'boundObjectRef') ?? null,
    },
    status: {
      token: context.isDryRun ? '' : issued.token,
      expirationTimestamp: timestamp(issued.expirationSeconds * 1000),
    },
  };
}

function boundObject(core: ApiCore, namespace: string | undefined, body: unknown): BoundObject | undefined {
  const reference = valueAt(body, 'spec', 'boundObjectRef');
  if (!isObject(reference)) return undefined;
  const kind = stringAt(reference, 'kind');
  const name = stringAt(reference, 'name') ?? '';
  if (kind !== 'Pod' && kind !== 'Secret')
    throw badRequest(
      `cannot bind token for serviceaccount to object of type ${String(reference['apiVersion'])}, Kind=${kind ?? ''}`,
    );
  const resource = kind === 'Pod' ? 'pods' : 'secrets';
  const object = core.store.get(`/${resource}`, namespace, name);
  if (object === undefined) throw notFound({ group: '', resource }, name);
  const uid = stringAt(reference, 'uid');
  if (uid !== undefined && uid !== '' && uid !== object.metadata.uid) {
    throw conflict(
      { group: '', resource },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  return { kind, name, uid: object.metadata.uid ?? '' };
}
