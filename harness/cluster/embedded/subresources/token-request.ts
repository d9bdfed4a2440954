import type { ApiCore, RequestContext } from '../api-core.ts';
import { timestamp } from '../api-core.ts';
import type { BoundObject, ServiceAccountTokens } from '../auth/service-account-tokens.ts';
import { API_AUDIENCE } from '../auth/service-account-tokens.ts';
import { arrayAt, isObject, stringAt, valueAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { badRequest, conflict, invalid, notFound } from '../kube-status.ts';
import type { ServedResource } from '../resource-table.ts';
import { invalid as invalidValue } from '../schema/validate/field-causes.ts';
import { decodeObject } from '../verbs/decode.ts';
import type { UpdateTarget } from '../verbs/update.ts';

const DEFAULT_SECONDS = 3600;
const LEAST_SECONDS = 600;
const MOST_SECONDS = 2 ** 32;

const TOKEN_REQUEST: ServedResource = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  resource: 'tokenrequests',
  singular: 'tokenrequest',
  namespaced: true,
  shortNames: [],
  categories: [],
  verbs: ['create'],
  subresources: [],
  key: 'authentication.k8s.io/tokenrequests',
  custom: undefined,
};

function checkPlaceOf({ metadata }: KubeObject, namespace: string | undefined, name: string): void {
  if (metadata.namespace && metadata.namespace !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  if (metadata.name && metadata.name !== name)
    throw badRequest(`name in URL does not match name in TokenRequest object`);
}

/** POST serviceaccounts/{name}/token. */
export function requestToken(
  core: ApiCore,
  context: RequestContext,
  tokens: ServiceAccountTokens,
  { served, namespace, name }: UpdateTarget,
  body: unknown,
): unknown {
  const request = decodeObject(core, context, TOKEN_REQUEST, body);
  checkPlaceOf(request, namespace, name);
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
    metadata: {
      ...request.metadata,
      name,
      namespace,
      ...(account.metadata.uid === undefined ? {} : { uid: account.metadata.uid }),
      creationTimestamp: timestamp(core.clock.now()),
    },
    spec: {
      audiences: audiences.length > 0 ? audiences : [API_AUDIENCE],
      expirationSeconds: seconds,
      boundObjectRef: valueAt(body, 'spec', 'boundObjectRef') ?? null,
    },
    status: {
      token: issued.token,
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
      `cannot bind token to object of type ${goGroupVersion(stringAt(reference, 'apiVersion') ?? '')}, Kind=${kind ?? ''}`,
    );
  const resource = kind === 'Pod' ? 'pods' : 'secrets';
  const object = core.store.get(`/${resource}`, namespace, name);
  if (object === undefined) throw notFound({ group: '', resource }, name);
  const uid = stringAt(reference, 'uid');
  if (uid !== undefined && uid !== '' && uid !== object.metadata.uid) {
    throw conflict(
      { group: '', resource: kind },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  return { kind, name, uid: object.metadata.uid ?? '' };
}

/** `group/version`, with nothing before the slash for the core group. */
function goGroupVersion(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
}
