import type { ApiCore } from '../api-core.ts';
import type { KubeObject } from '../kube-object.ts';
import { badRequest, expired, invalid, resourceVersionTooLarge } from '../kube-status.ts';
import type { ServedResource } from '../resource-table.ts';
import { matchesFields, parseFieldSelector } from '../selectors/field-selector.ts';
import { matchesLabels, parseLabelSelector } from '../selectors/label-selector.ts';
import { forbidden as forbiddenField, invalid as invalidValue } from '../schema/validate/field-causes.ts';

export interface ListResult {
  readonly items: readonly KubeObject[];
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
}

interface Continuation {
  readonly v: number;
  /** Resumes after this `namespace\nname`. */
  readonly start: string;
}

/** One page of a list, consistent at one version over all pages. @throws KubeStatusError 400, 410, 504 */
export function listObjects(
  core: ApiCore,
  served: ServedResource,
  namespace: string | undefined,
  query: URLSearchParams,
): ListResult {
  const matches = matcherFrom(served, query);
  const limit = countFrom(query, 'limit');
  const continuation = parseContinue(query.get('continue'));
  const version = continuation ? continuedVersion(core, continuation) : versionToList(core, query);
  const all = core.store.listAt(served.key, namespace, version).filter(matches);
  const rest = continuation ? all.filter((object) => positionOf(object) > continuation.start) : all;
  if (limit === 0 || rest.length <= limit) return { items: rest, metadata: { resourceVersion: String(version) } };
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  const token: Continuation = { v: version, start: last ? positionOf(last) : '' };
  // With a selector the real server cannot know how many remain, and says nothing.
  const isSelective = Boolean(query.get('labelSelector')) || Boolean(query.get('fieldSelector'));
  return {
    items,
    metadata: {
      resourceVersion: String(version),
      continue: Buffer.from(JSON.stringify(token)).toString('base64url'),
      ...(isSelective ? {} : { remainingItemCount: rest.length - items.length }),
    },
  };
}

/** Label and field selectors of a list or watch. */
export function matcherFrom(served: ServedResource, query: URLSearchParams): (object: KubeObject) => boolean {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '', served, served.kind, served.version);
  if (labels.length === 0 && fields.length === 0) return () => true;
  return (object) => matchesLabels(labels, object.metadata.labels) && matchesFields(fields, object);
}

function positionOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}\n${object.metadata.name ?? ''}`;
}

/** A whole number that is not negative; 0 when absent. */
export function countFrom(query: URLSearchParams, name: string): number {
  const text = query.get(name);
  if (text === null || text === '') return 0;
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Math.max(0, value);
}

/** @returns undefined when unset or 0: whatever is there now. */
export function parseVersion(text: string | null): number | undefined {
  if (text === null || text === '' || text === '0') return undefined;
  if (!/^\d+$/.test(text)) {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      invalidValue('resourceVersion', text, `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`),
    ]);
  }
  return Number(text);
}

function versionToList(core: ApiCore, query: URLSearchParams): number {
  const asked = parseVersion(query.get('resourceVersion'));
  const match = query.get('resourceVersionMatch');
  if (match !== null && match !== '' && query.get('resourceVersion') === null) {
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      forbiddenField('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
    ]);
  }
  if (asked === undefined) return core.store.version;
  if (asked > core.store.version) throw resourceVersionTooLarge(asked, core.store.version);
  // Not older than: the newest is never too old. Only an exact version can be gone.
  const isExact = match === 'Exact' || (match === null && countFrom(query, 'limit') > 0);
  if (!isExact) return core.store.version;
  if (asked < core.store.oldestVersion) throw expired('The resourceVersion for the provided list is too old.');
  return asked;
}

function continuedVersion(core: ApiCore, { v }: Continuation): number {
  if (v >= core.store.oldestVersion && v <= core.store.version) return v;
  throw expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
}

function parseContinue(token: string | null): Continuation | undefined {
  if (token === null || token === '') return undefined;
  try {
    const value = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Partial<Continuation>;
    if (typeof value.v === 'number' && typeof value.start === 'string') return { v: value.v, start: value.start };
  } catch {
    // Falls through to the refusal: a token that is not ours has no better explanation.
  }
  throw badRequest('continue key is not valid: illegal base64 data');
}
