import { notAcceptable, routerNotAcceptable, unexplained, wrongShape } from '../kube-status.ts';
import type { ServedResource } from '../resource-table.ts';

/** How an answer is to be written. */
export interface Accepted {
  readonly encoding: 'json' | 'yaml';
  /** Other shapes of the same answer. */
  readonly as: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | undefined;
}

/** What the real server names; the last is not served here. */
const OFFERED = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const OFFERED_STREAMS = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];

const PLAIN: Accepted = { encoding: 'json', as: undefined };

/** What the router of built-in kinds asks first: whether any media type fits at all. */
interface Route {
  readonly isBuiltIn: boolean;
  readonly canStream: boolean;
}

/** The first of the client's media types that is served. @throws KubeStatusError 406 */
export function negotiate(accept: string | undefined, route: Route = { isBuiltIn: false, canStream: false }): Accepted {
  if (accept === undefined || accept === 'application/json' || accept.trim() === '') return PLAIN;
  let fitsMediaType = false;
  for (const range of accept.split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim());
    const encoding = encodingOf(type);
    if (encoding === undefined) continue;
    fitsMediaType = true;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (as === undefined) return { encoding, as: undefined };
    const isMeta = parameters.includes('g=meta.k8s.io') && parameters.includes('v=v1');
    if (isMeta && (as === 'Table' || as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList'))
      return { encoding, as };
  }
  if (route.isBuiltIn && !fitsMediaType)
    throw routerNotAcceptable(route.canStream ? [...OFFERED, ...OFFERED_STREAMS] : OFFERED);
  throw notAcceptable(OFFERED);
}

function encodingOf(type: string | undefined): Accepted['encoding'] | undefined {
  if (type === 'application/yaml') return 'yaml';
  return type === 'application/json' || type === '*/*' || type === 'application/*' ? 'json' : undefined;
}

/** An object has no list's shape, and a list no object's. @throws KubeStatusError 406 */
export function checkShape(served: ServedResource, as: Accepted['as'], isList: boolean): void {
  const wrong = isList ? 'PartialObjectMetadata' : 'PartialObjectMetadataList';
  if (as !== wrong) return;
  if (served.custom && !isList) throw unexplained('content is not a list');
  const internal = served.custom
    ? 'unstructured.Unstructured'
    : `${served.group === '' ? 'core' : served.group.split('.')[0]}.${served.kind}`;
  throw wrongShape(
    isList
      ? `you requested ${wrong}, but the requested object is a list (*${internal}List)`
      : `you requested ${wrong}, but the requested object is not a list (*${internal})`,
  );
}
