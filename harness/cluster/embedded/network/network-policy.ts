import { BlockList, isIPv4 } from 'node:net';
import { WavetankError } from '../../../../core/errors.ts';
import type { KubeObject } from '../kube-object.ts';

/** The parts of networking.k8s.io/v1 NetworkPolicy that decide. */
export interface NetworkPolicy extends KubeObject {
  spec: PolicySpec;
}

export interface PolicySpec {
  podSelector?: LabelSelector;
  policyTypes?: string[];
  egress?: PolicyRule[];
  ingress?: PolicyRule[];
}

export interface PolicyRule {
  to?: Peer[];
  from?: Peer[];
  ports?: PolicyPort[];
}

export interface Peer {
  ipBlock?: { cidr: string; except?: string[] };
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
}

export interface PolicyPort {
  protocol?: string;
  port?: number | string;
  endPort?: number;
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

/** One end of a connection. `pod` when the address is a pod's. */
export interface Endpoint {
  readonly ip: string;
  readonly pod?: { readonly namespace: string; readonly labels: Labels; readonly namespaceLabels: Labels };
}

type Labels = Readonly<Record<string, string>>;
export type Direction = 'egress' | 'ingress';

/** Policies of a pod's namespace that select it for a direction. None: everything is allowed. */
export function policiesFor(labels: Labels, policies: readonly NetworkPolicy[], direction: Direction): NetworkPolicy[] {
  return policies.filter(
    (policy) => selects(policy.spec.podSelector ?? {}, labels) && appliesTo(policy.spec, direction),
  );
}

/** Without policyTypes a policy is about ingress, and about egress when it has egress rules. */
function appliesTo(spec: PolicySpec, direction: Direction): boolean {
  if (spec.policyTypes) return spec.policyTypes.some((type) => type.toLowerCase() === direction);
  return direction === 'ingress' || (spec.egress?.length ?? 0) > 0;
}

/** Whether the selecting policies allow a TCP connection; their rules add up. */
export function allows(
  policies: readonly NetworkPolicy[],
  direction: Direction,
  other: Endpoint,
  port: number,
): boolean {
  if (policies.length === 0) return true;
  return policies.some((policy) =>
    rulesOf(policy, direction).some(
      (rule) => peersMatch(peersOf(rule, direction), other, policy) && portsMatch(rule.ports, port),
    ),
  );
}

/** Whether any connection at all could be allowed. */
export function hasOpening(policies: readonly NetworkPolicy[], direction: Direction): boolean {
  return policies.length === 0 || policies.some((policy) => rulesOf(policy, direction).length > 0);
}

/** Wider than named pods and single addresses: ordinary programs get a proxy then, and names may be looked up. */
export function isWide(policies: readonly NetworkPolicy[]): boolean {
  if (policies.length === 0) return true;
  return policies.some((policy) =>
    rulesOf(policy, 'egress').some((rule) => {
      const peers = peersOf(rule, 'egress');
      return (
        peers.length === 0 || peers.some((peer) => peer.ipBlock !== undefined && !peer.ipBlock.cidr.endsWith('/32'))
      );
    }),
  );
}

/** Whether a rule opens everything, without naming anybody; true as well where no policy selects. */
export function isOpenToAll(policies: readonly NetworkPolicy[], port: number): boolean {
  if (policies.length === 0) return true;
  return policies.some((policy) =>
    rulesOf(policy, 'egress').some((rule) => peersOf(rule, 'egress').length === 0 && portsMatch(rule.ports, port)),
  );
}

/** Whether a rule names exactly this address: the only way to the node's own loopback and to link-local addresses. */
export function namesAddress(policies: readonly NetworkPolicy[], ip: string, port: number): boolean {
  return policies.some((policy) =>
    rulesOf(policy, 'egress').some(
      (rule) =>
        portsMatch(rule.ports, port) && peersOf(rule, 'egress').some((peer) => peer.ipBlock?.cidr === `${ip}/32`),
    ),
  );
}

/** @throws WavetankError POLICY_UNSUPPORTED for what a TCP proxy cannot do. */
export function refuseInexpressible(policies: readonly NetworkPolicy[], direction: Direction): void {
  for (const policy of policies) {
    for (const rule of rulesOf(policy, direction)) {
      const problem = ruleProblem(rule, direction);
      if (problem === undefined) continue;
      const name = `${policy.metadata.namespace}/${policy.metadata.name}`;
      throw new WavetankError('POLICY_UNSUPPORTED', `NetworkPolicy ${name} cannot be enforced here: ${problem}`);
    }
  }
}

/**
 * Blocks of IPv6 addresses are no problem: as in any cluster with IPv4 alone they match nothing. Nor is another protocol
 * towards pods: no pod can listen for it here, so the rule opens nothing that exists.
 */
function ruleProblem(rule: PolicyRule, direction: Direction): string | undefined {
  const peers = peersOf(rule, direction);
  const isForPodsAlone = peers.length > 0 && peers.every((peer) => peer.ipBlock === undefined);
  for (const port of rule.ports ?? []) {
    if ((port.protocol ?? 'TCP') !== 'TCP') {
      if (isForPodsAlone) continue;
      return `its ${direction} rule opens ${port.protocol}, and pods speak TCP only`;
    }
    if (typeof port.port === 'string') return `its ${direction} rule names the port "${port.port}"; use a number`;
  }
  return undefined;
}

function rulesOf(policy: NetworkPolicy, direction: Direction): readonly PolicyRule[] {
  return policy.spec[direction] ?? [];
}

function peersOf(rule: PolicyRule, direction: Direction): readonly Peer[] {
  return (direction === 'egress' ? rule.to : rule.from) ?? [];
}

function peersMatch(peers: readonly Peer[], other: Endpoint, policy: NetworkPolicy): boolean {
  return peers.length === 0 || peers.some((peer) => peerMatches(peer, other, policy.metadata.namespace ?? ''));
}

function peerMatches(peer: Peer, other: Endpoint, policyNamespace: string): boolean {
  if (peer.ipBlock) {
    const { cidr, except = [] } = peer.ipBlock;
    return isWithin(other.ip, cidr) && !except.some((block) => isWithin(other.ip, block));
  }
  if (!other.pod) return false;
  const isNamespace = peer.namespaceSelector
    ? selects(peer.namespaceSelector, other.pod.namespaceLabels)
    : other.pod.namespace === policyNamespace;
  return isNamespace && selects(peer.podSelector ?? {}, other.pod.labels);
}

function portsMatch(ports: readonly PolicyPort[] | undefined, port: number): boolean {
  if (!ports || ports.length === 0) return true;
  return ports.some((each) => {
    if ((each.protocol ?? 'TCP') !== 'TCP') return false;
    if (each.port === undefined) return true;
    const first = Number(each.port);
    return port >= first && port <= (each.endPort ?? first);
  });
}

export function isWithin(ip: string, cidr: string): boolean {
  const [base = '', bits = '32'] = cidr.split('/');
  if (!isIPv4(ip) || !isIPv4(base)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(bits), 'ipv4');
  return list.check(ip, 'ipv4');
}

/** An empty selector selects everything. */
export function selects(selector: LabelSelector, labels: Labels): boolean {
  const hasLabels = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return hasLabels && (selector.matchExpressions ?? []).every((expression) => expressionHolds(expression, labels));
}

function expressionHolds(expression: { key: string; operator: string; values?: string[] }, labels: Labels): boolean {
  const value = labels[expression.key];
  const values = expression.values ?? [];
  switch (expression.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
