import type { ApiCore } from '../api-core.ts';
import type { KubeObject } from '../kube-object.ts';
import { badRequest, expired, resourceVersionTooLarge } from '../kube-status.ts';
import type { ServedResource } from '../resource-table.ts';
import { matchesFields, parseFieldSelector, splitFieldSelector } from '../selectors/field-selector.ts';
import { matchesLabels, parseLabelSelector } from '../selectors/label-selector.ts';
import { checkListOptions, parseVersion } from './list-options.ts';

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
  checkListForm(query);
  const matches = matcherFrom(served, query);
  const limit = countFrom(query, 'limit');
  // One name is looked up, not searched for: nothing follows it, and it is looked up as it is now.
  const isOfOne = nameIn(query) !== '' && (!served.namespaced || namespace !== undefined);
  const continuation = parseContinue(query.get('continue'));
  const version = continuation
    ? continuedVersion(core, continuation)
    : versionToList(core, query, served.key !== '/events', isOfOne);
  const all = core.store.listAt(served.key, namespace, version);
  const rest = continuation ? all.filter((object) => positionOf(object) > continuation.start) : all;
  if (limit === 0) return { items: rest.filter(matches), metadata: { resourceVersion: String(version) } };
  const scope = isOfOne ? rest.filter((object) => object.metadata.name === nameIn(query)) : rest;
  return onePage(scope, matches, limit, version, query);
}

/** What a server looks at before it looks at what the client accepts: numbers, the form of selectors, options. @throws KubeStatusError 400, 422 */
export function checkListForm(query: URLSearchParams): void {
  countFrom(query, 'limit');
  countFrom(query, 'timeoutSeconds');
  parseLabelSelector(query.get('labelSelector') ?? '');
  splitFieldSelector(query.get('fieldSelector') ?? '');
  checkListOptions(query);
}

/** The name that a field selector asks for; '' when it asks for none. */
export function nameIn(query: URLSearchParams): string {
  const term = /(?:^|,)metadata\.name==?([^=,]+)(?:,|$)/.exec(query.get('fieldSelector') ?? '');
  return term?.[1] ?? '';
}

/** As the real server pages: there is more when more objects follow, whether or not they match. */
function onePage(
  rest: readonly KubeObject[],
  matches: (object: KubeObject) => boolean,
  limit: number,
  version: number,
  query: URLSearchParams,
): ListResult {
  const items: KubeObject[] = [];
  let seen = 0;
  for (const object of rest) {
    seen += 1;
    if (matches(object)) items.push(object);
    if (items.length === limit) break;
  }
  const last = items.at(-1);
  if (seen === rest.length || last === undefined) return { items, metadata: { resourceVersion: String(version) } };
  const token: Continuation = { v: version, start: positionOf(last) };
  // With a selector the real server cannot know how many remain, and says nothing.
  const isSelective =
    Boolean(query.get('labelSelector')) || splitFieldSelector(query.get('fieldSelector') ?? '').length > 0;
  return {
    items,
    metadata: {
      resourceVersion: String(version),
      continue: Buffer.from(JSON.stringify(token)).toString('base64url'),
      ...(isSelective ? {} : { remainingItemCount: rest.length - seen }),
    },
  };
}

/** Label and field selectors of a list or watch. */
export function matcherFrom(served: ServedResource, query: URLSearchParams): (object: KubeObject) => boolean {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '', served, served.custom !== undefined);
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

function versionToList(core: ApiCore, query: URLSearchParams, isCached: boolean, isOfOne: boolean): number {
  const asked = parseVersion(query.get('resourceVersion'), 'list');
  const match = query.get('resourceVersionMatch');
  if (asked === undefined) return core.store.version;
  if (asked > core.store.version) throw resourceVersionTooLarge(asked, core.store.version, isCached);
  // Not older than: the newest is never too old. Only an exact version can be gone.
  const isExact = match === 'Exact' || (!match && !isOfOne && countFrom(query, 'limit') > 0);
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
  throw badRequest('invalid continue token: continue key is not valid');
}
