import { WavetankError } from '../../../../core/errors.ts';
import type { Container, Pod, ResourceFieldSelector } from './pod-types.ts';
import { parseQuantity } from './quantity.ts';

/** What the downward API can tell besides the pod itself. */
export interface NodeFacts {
  readonly nodeName: string;
  readonly hostIp: string;
  readonly allocatable: { readonly cpu: number; readonly memoryBytes: number; readonly ephemeralBytes: number };
}

/** @throws WavetankError DOWNWARD_FIELD when there is no such field. */
export function fieldValue(pod: Pod, fieldPath: string, node: NodeFacts, podIp: string | undefined): string {
  const keyed = /^metadata\.(labels|annotations)(?:\['(.+)'\])?$/.exec(fieldPath);
  if (keyed) {
    const map = pod.metadata[keyed[1] as 'labels' | 'annotations'] ?? {};
    return keyed[2] === undefined ? formatMap(map) : (map[keyed[2]] ?? '');
  }
  const plain: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': node.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? 'default',
    'status.hostIP': node.hostIp,
    'status.hostIPs': node.hostIp,
    'status.podIP': podIp ?? '',
    'status.podIPs': podIp ?? '',
  };
  const value = plain[fieldPath];
  if (value === undefined) throw new WavetankError('DOWNWARD_FIELD', `unsupported fieldPath: ${fieldPath}`);
  return value;
}

/** `key="value"` lines, sorted, as the downward API writes maps. */
function formatMap(map: Readonly<Record<string, string>>): string {
  return Object.keys(map)
    .toSorted()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}

/** Limits fall back to what the node has; cpu is rounded up to whole divisors, as the kubelet does. */
export function resourceValue(
  pod: Pod,
  container: Container,
  selector: ResourceFieldSelector,
  node: NodeFacts,
): string {
  const about =
    selector.containerName === undefined
      ? container
      : [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(
          ({ name }) => name === selector.containerName,
        );
  const [kind, name] = splitResource(selector.resource);
  const limit = about?.resources?.limits?.[name];
  const asked = kind === 'limits' ? limit : (about?.resources?.requests?.[name] ?? limit);
  const fallback =
    kind === 'requests'
      ? 0
      : name === 'cpu'
        ? node.allocatable.cpu
        : name === 'memory'
          ? node.allocatable.memoryBytes
          : node.allocatable.ephemeralBytes;
  const amount = asked === undefined ? fallback : parseQuantity(asked);
  return String(
    Math.ceil(
      amount / parseQuantity(selector.divisor === undefined || selector.divisor === '0' ? '1' : selector.divisor),
    ),
  );
}

function splitResource(resource: string): readonly ['limits' | 'requests', string] {
  const match = /^(limits|requests)\.(cpu|memory|ephemeral-storage)$/.exec(resource);
  if (!match) throw new WavetankError('DOWNWARD_FIELD', `unsupported container resource: ${resource}`);
  return [match[1] as 'limits' | 'requests', match[2] as string];
}
