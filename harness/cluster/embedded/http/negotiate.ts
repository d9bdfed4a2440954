import { notAcceptable } from '../kube-status.ts';

/** How an answer is to be written. */
export interface Accepted {
  readonly encoding: 'json' | 'yaml';
  /** `Table` and `PartialObjectMetadata` (for lists `PartialObjectMetadataList`) are other shapes of the same answer. */
  readonly as: 'Table' | 'PartialObjectMetadata' | undefined;
}

const OFFERED = ['application/json', 'application/yaml'];

/** The first of the client's media types that is served. @throws KubeStatusError 406 */
export function negotiate(accept: string | undefined): Accepted {
  if (accept === undefined || accept.trim() === '') return { encoding: 'json', as: undefined };
  for (const range of accept.split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim());
    const encoding =
      type === 'application/yaml'
        ? 'yaml'
        : type === 'application/json' || type === '*/*' || type === 'application/*'
          ? 'json'
          : undefined;
    if (encoding === undefined) continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (as === undefined) return { encoding, as: undefined };
    const isMeta = parameters.includes('g=meta.k8s.io') && parameters.includes('v=v1');
    if (isMeta && as === 'Table') return { encoding, as };
    if (isMeta && (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList'))
      return { encoding, as: 'PartialObjectMetadata' };
  }
  throw notAcceptable(OFFERED);
}
