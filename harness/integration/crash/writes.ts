import type { Component } from '../../running-testbed.ts';
import type { Write } from './crash-net.ts';

/** By the names under which the components write their logs. */
export const COMPONENT_OF_PART: Readonly<Record<string, Component>> = {
  provider: 'provider',
  'operator-service': 'operator-service',
  'operator-engine': 'engine',
  'job-broker': 'broker',
};

/** What tells a job's writes from another's: its id, and the name of its claim. */
export interface JobNeedles {
  readonly jobId: string;
  readonly claim: string;
}

/** Every try of a start names them by their own content. */
const INPUTS_OF_A_TRY = /inputs-[0-9a-f]{20}$/;

/**
 * What a write does, the same for every job: `POST pods compute`, `PATCH workflows/status provisioned`,
 * `PUT s3` and the key. Undefined for what concerns another job or none.
 */
export function labelOf({ method, path, body }: Write, { jobId, claim }: JobNeedles): string | undefined {
  const target = decodeURIComponent(path);
  if (!target.includes(jobId) && !target.includes(claim) && !body?.includes(jobId)) return undefined;
  const [route = ''] = target.split('?');
  if (route === '/api/v1/operator/compute') return `${method} compute`;
  const bare = route
    .replaceAll(jobId, '*')
    .replaceAll(claim, 'claim')
    .replace(/owners\/[0-9a-f]+/, 'owners/*')
    .replace(INPUTS_OF_A_TRY, 'inputs');
  const inCluster = /\/namespaces\/[^/]+\/([^/]+)(?:\/([^/]+))?(\/status)?$/.exec(bare);
  if (!inCluster) return `${method} s3 ${bare.split('/').slice(2).join('/')}`;
  const [, resource = '', name = '', status = ''] = inCluster;
  const said = body === undefined ? '' : whatIsSaid(body, method).replaceAll(jobId, '*').replaceAll(claim, 'claim');
  return [method, resource + status, name === 'job-*' ? '' : name, said].filter(Boolean).join(' ');
}

interface Said {
  readonly metadata?: { readonly name?: string; readonly finalizers?: readonly string[] };
  readonly reason?: string;
  readonly spec?: object;
  readonly status?: { readonly phase?: string; readonly reports?: object };
}

function whatIsSaid(body: string, method: string): string {
  if (method === 'DELETE') return '';
  const { metadata, status, spec, reason } = JSON.parse(body) as Said;
  // Events have names of their own.
  if (method === 'POST')
    return reason ?? metadata?.name?.replace(/^job-\*-?/, '').replace(INPUTS_OF_A_TRY, 'inputs') ?? '';
  if (metadata?.finalizers !== undefined) return `finalizers ${metadata.finalizers.length}`;
  if (spec !== undefined) return Object.keys(spec).join();
  if (status?.reports !== undefined) return Object.keys(status.reports).join();
  return Object.keys(status ?? {})
    .filter((key) => key !== 'observedGeneration')
    .map((key) => (key === 'phase' ? (status?.phase ?? key) : key))
    .toSorted()
    .join();
}
