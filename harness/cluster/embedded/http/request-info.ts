/** What a URL asks for, as the API server's own request info resolver reads it. */
export interface RequestInfo {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly isResource: boolean;
  readonly group: string;
  readonly version: string;
  readonly namespace: string | undefined;
  readonly resource: string;
  readonly name: string;
  readonly subresource: string;
  /** get, list, watch, create, update, patch, delete, deletecollection; for other paths the method in lower case. */
  readonly verb: string;
}

const VERB_OF_METHOD: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Subresources of a namespace itself; everything else below it is a resource in it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/** @returns undefined for a path that cannot be decoded. */
export function parseRequest(method: string, url: string): RequestInfo | undefined {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
  let segments: string[];
  try {
    segments = path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    // A stray percent sign: no path of ours has one.
    return undefined;
  }
  const plain = {
    path,
    query,
    isResource: false,
    group: '',
    version: '',
    namespace: undefined,
    resource: '',
    name: '',
    subresource: '',
    verb: method.toLowerCase(),
  };
  const [root] = segments;
  const prefixLength = root === 'api' ? 2 : root === 'apis' ? 3 : Number.POSITIVE_INFINITY;
  if (segments.length <= prefixLength) return plain;
  const group = root === 'apis' ? (segments[1] ?? '') : '';
  const version = segments[prefixLength - 1] ?? '';
  const target = resourceTarget(segments.slice(prefixLength));
  return { ...plain, isResource: true, group, version, ...target, verb: resourceVerb(method, query, target.name) };
}

function resourceTarget(rest: readonly string[]): Pick<RequestInfo, 'namespace' | 'resource' | 'name' | 'subresource'> {
  const [first, second, third] = rest;
  const isInNamespace =
    first === 'namespaces' && second !== undefined && third !== undefined && !NAMESPACE_SUBRESOURCES.has(third);
  const [resource = '', name = '', ...deeper] = isInNamespace ? rest.slice(2) : rest;
  // The namespace of a namespace is itself, for the authorizer; the store keeps it without one.
  const namespace = isInNamespace ? second : undefined;
  return { namespace, resource, name, subresource: deeper.join('/') };
}

function resourceVerb(method: string, query: URLSearchParams, name: string): string {
  const verb = VERB_OF_METHOD[method] ?? method.toLowerCase();
  if (verb === 'get' && name === '') return isTrue(query.get('watch')) ? 'watch' : 'list';
  return verb === 'delete' && name === '' ? 'deletecollection' : verb;
}

export function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1';
}
