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

const ABOUT = { group: 'authentication.k8s.io', kind: 'TokenRequest' };

function checkPlaceOf({ metadata }: KubeObject, namespace: string | undefined, name: string): void {
  if (metadata.namespace && metadata.namespace !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  if (metadata.name && metadata.name !== name) {
    throw invalid(ABOUT, name, [
      invalidValue('metadata.name', metadata.name, 'must match the service account name if specified'),
    ]);
  }
}

/** A request may name the incarnation of the account that it is meant for. */
function checkAccountUid({ metadata }: KubeObject, account: KubeObject): void {
  if (!metadata.uid || metadata.uid === account.metadata.uid) return;
  throw conflict(
    { group: ABOUT.group, resource: ABOUT.kind },
    account.metadata.name ?? '',
    `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${account.metadata.uid})`,
  );
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
  checkAccountUid(request, account);
  if (typeof seconds !== 'number' || seconds < LEAST_SECONDS) {
    throw invalid(ABOUT, '', [
      invalidValue('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes'),
    ]);
  }
  if (seconds > MOST_SECONDS)
    throw invalid(ABOUT, '', [
      invalidValue('spec.expirationSeconds', seconds, 'may not specify a duration larger than 2^32 seconds'),
    ]);
  const audiences = arrayAt(body, 'spec', 'audiences').map(String);
  const issued = tokens.issue(account, seconds, audiences, boundObject(core, namespace, name, body));
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

function boundObject(
  core: ApiCore,
  namespace: string | undefined,
  account: string,
  body: unknown,
): BoundObject | undefined {
  const reference = valueAt(body, 'spec', 'boundObjectRef');
  if (!isObject(reference)) return undefined;
  const kind = stringAt(reference, 'kind') ?? '';
  const apiVersion = stringAt(reference, 'apiVersion') ?? '';
  const name = stringAt(reference, 'name') ?? '';
  const resource = BINDABLE[kind];
  if (!isBindable(kind) || resource === undefined || apiVersion.includes('/'))
    throw badRequest(`cannot bind token to object of type ${goGroupVersion(apiVersion)}, Kind=${kind}`);
  const object = core.store.get(`/${resource}`, kind === 'Node' ? undefined : namespace, name);
  if (object === undefined) throw notFound({ group: '', resource }, name);
  if (kind === 'Pod' && stringAt(object, 'spec', 'serviceAccountName') !== account)
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
    );
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

const BINDABLE: Readonly<Record<string, string>> = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' };

function isBindable(kind: string): kind is BoundObject['kind'] {
  return Object.hasOwn(BINDABLE, kind);
}

/** `group/version`, with nothing before the slash for the core group. */
function goGroupVersion(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
}
