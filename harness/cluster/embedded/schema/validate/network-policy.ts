import { BlockList, isIP } from 'node:net';

import type { KubeObject } from '../../kube-object.ts';
import type { Causes, Json } from './field-causes.ts';
import {
  checkName,
  checkOneOf,
  child,
  forbidden,
  invalid,
  list,
  number,
  required,
  text,
  texts,
} from './field-causes.ts';
import { portName } from './names.ts';
import { checkPortNumber } from './ports.ts';
import { checkLabelSelector } from './selectors.ts';

const NO_RANGE = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
const TYPES = ['Ingress', 'Egress'];

export function validateNetworkPolicy(policy: KubeObject): Causes {
  const causes: Causes = [];
  const spec = child(policy, 'spec') ?? {};
  checkLabelSelector(causes, 'spec.podSelector', child(spec, 'podSelector'));
  for (const [direction, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    for (const [index, rule] of list(spec, direction).entries()) {
      const at = `spec.${direction}[${index}]`;
      for (const [portIndex, port] of list(rule, 'ports').entries())
        checkPort(causes, `${at}.ports[${portIndex}]`, port);
      for (const [peerIndex, peer] of list(rule, peers).entries())
        checkPeer(causes, `${at}.${peers}[${peerIndex}]`, peer);
    }
  }
  const types = texts(spec, 'policyTypes');
  if (types.length > TYPES.length)
    causes.push(invalid('spec.policyTypes', types, 'may not specify more than two policyTypes'));
  else for (const [index, type] of types.entries()) checkOneOf(causes, `spec.policyTypes[${index}]`, type, TYPES);
  return causes;
}

function checkPort(causes: Causes, at: string, entry: Json): void {
  checkOneOf(causes, `${at}.protocol`, entry['protocol'], ['TCP', 'UDP', 'SCTP']);
  const port = entry['port'];
  const end = number(entry, 'endPort');
  if (typeof port === 'number') {
    checkPortNumber(causes, `${at}.port`, port);
    if (end === undefined) return;
    if (end < port) causes.push(invalid(`${at}.endPort`, port, 'must be greater than or equal to `port`'));
    checkPortNumber(causes, `${at}.endPort`, end);
  } else if (typeof port === 'string') {
    if (end !== undefined)
      causes.push(invalid(`${at}.endPort`, end, 'may not be specified when `port` is non-numeric'));
    checkName(causes, `${at}.port`, port, portName);
  } else if (end !== undefined) {
    causes.push(invalid(`${at}.endPort`, end, 'may not be specified when `port` is not specified'));
  }
}

function checkPeer(causes: Causes, at: string, peer: Json): void {
  const block = child(peer, 'ipBlock');
  const selectors = ['podSelector', 'namespaceSelector'].filter((name) => peer[name] !== undefined);
  for (const name of selectors) checkLabelSelector(causes, `${at}.${name}`, child(peer, name));
  if (block) checkBlock(causes, `${at}.ipBlock`, block);
  if (!block && selectors.length === 0) causes.push(required(at, 'must specify a peer'));
  else if (block && selectors.length > 0) causes.push(forbidden(at, 'may not specify both ipBlock and another peer'));
}

function checkBlock(causes: Causes, at: string, block: Json): void {
  const cidr = text(block, 'cidr');
  if (cidr === '') {
    causes.push(required(`${at}.cidr`));
    return;
  }
  const range = parseRange(cidr);
  if (!range) {
    causes.push(invalid(`${at}.cidr`, cidr, NO_RANGE));
    return;
  }
  for (const [index, exception] of texts(block, 'except').entries()) {
    const inner = parseRange(exception);
    const field = `${at}.except[${index}]`;
    if (!inner) causes.push(invalid(field, exception, NO_RANGE));
    else if (!isStrictSubset(inner, range)) causes.push(invalid(field, exception, 'must be a strict subset of `cidr`'));
  }
}

interface AddressRange {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

export function parseRange(cidr: string): AddressRange | undefined {
  const [address = '', bits = '', ...rest] = cidr.split('/');
  const version = isIP(address);
  const isSound =
    version !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
  return isSound ? { address, bits: Number(bits), family: version === 4 ? 'ipv4' : 'ipv6' } : undefined;
}

function isStrictSubset(inner: AddressRange, outer: AddressRange): boolean {
  if (inner.family !== outer.family || inner.bits <= outer.bits) return false;
  const block = new BlockList();
  block.addSubnet(outer.address, outer.bits, outer.family);
  return block.check(inner.address, inner.family);
}

/** Address ranges of a node. */
export function checkRanges(causes: Causes, field: string, ranges: readonly string[]): void {
  for (const [index, range] of ranges.entries()) {
    if (!parseRange(range)) causes.push(invalid(`${field}[${index}]`, range, NO_RANGE));
  }
}
