import { LABELS, MANAGED_BY, NETWORK_POLICY_NAMES } from '../../api/names.ts';
import type { NetworkPolicy } from '../../kubernetes/pod-types.ts';
import type { BrokerEgress, OutwardCidr } from '../settings.ts';

/**
 * Where a job with network access may go: the world, not the cluster, its nodes or its neighbours. The private ranges hold
 * the API server, the object store, the Provider and the cloud's metadata service.
 */
export const OUTWARD: readonly OutwardCidr[] = [
  {
    cidr: '0.0.0.0/0',
    except: ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
  },
  { cidr: '::/0', except: ['::1/128', 'fc00::/7', 'fe80::/10'] },
];

export interface PolicySettings {
  readonly namespace: string;
  readonly brokerEgress: BrokerEgress;
  readonly outward: readonly OutwardCidr[];
}

/** Standing, by label: they are there before any pod is. */
export function networkPolicies(settings: PolicySettings): NetworkPolicy[] {
  return [denyAll(settings), reachBroker(settings), reachOutward(settings)];
}

function denyAll({ namespace }: PolicySettings): NetworkPolicy {
  return policy(namespace, NETWORK_POLICY_NAMES.deny, {
    podSelector: stages('configure', 'compute', 'publish'),
    policyTypes: ['Ingress', 'Egress'],
  });
}

function reachBroker({ namespace, brokerEgress }: PolicySettings): NetworkPolicy {
  return policy(namespace, NETWORK_POLICY_NAMES.broker, {
    podSelector: stages('configure', 'publish'),
    policyTypes: ['Egress'],
    egress: [{ to: [brokerPeer(brokerEgress)], ports: [{ protocol: 'TCP', port: brokerEgress.port }] }],
  });
}

function reachOutward({ namespace, outward }: PolicySettings): NetworkPolicy {
  const dns = {
    to: [{ namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
    ports: [
      { protocol: 'UDP', port: 53 },
      { protocol: 'TCP', port: 53 },
    ],
  };
  const world = {
    to: outward.map(({ cidr, except }) => ({ ipBlock: { cidr, ...(except ? { except: [...except] } : {}) } })),
  };
  return policy(namespace, NETWORK_POLICY_NAMES.outward, {
    podSelector: { matchLabels: { [LABELS.stage]: 'compute', [LABELS.network]: 'allowed' } },
    policyTypes: ['Egress'],
    egress: [world, dns],
  });
}

function brokerPeer(egress: BrokerEgress): object {
  if ('cidr' in egress) return { ipBlock: { cidr: egress.cidr } };
  return {
    podSelector: { matchLabels: { ...egress.podLabels } },
    ...(egress.namespaceLabels ? { namespaceSelector: { matchLabels: { ...egress.namespaceLabels } } } : {}),
  };
}

function stages(...values: string[]): object {
  return { matchExpressions: [{ key: LABELS.stage, operator: 'In', values }] };
}

function policy(namespace: string, name: string, spec: Record<string, unknown>): NetworkPolicy {
  return { metadata: { name, namespace, labels: { [LABELS.managedBy]: MANAGED_BY } }, spec };
}
