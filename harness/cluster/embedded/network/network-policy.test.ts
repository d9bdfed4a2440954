import { describe, it } from 'vitest';
import type { Endpoint, NetworkPolicy, PolicySpec } from './network-policy.ts';
import {
  allows,
  hasOpening,
  isWide,
  namesAddress,
  policiesFor,
  refuseInexpressible,
  selects,
} from './network-policy.ts';

const policy = (spec: PolicySpec): NetworkPolicy => ({ metadata: { name: 'p', namespace: 'lab' }, spec });
const podIn = (namespace: string, labels: Record<string, string>): Endpoint => ({
  ip: '10.244.0.9',
  pod: { namespace, labels, namespaceLabels: { 'kubernetes.io/metadata.name': namespace } },
});

describe('NetworkPolicy', () => {
  it('allows everything to a pod that no policy selects', ({ expect }) => {
    const deny = policy({ podSelector: { matchLabels: { a: 'b' } }, policyTypes: ['Egress'] });
    expect(policiesFor({}, [deny], 'egress')).toEqual([]);
    expect(allows([], 'egress', { ip: '1.2.3.4' }, 80)).toBe(true);
    expect(allows(policiesFor({ a: 'b' }, [deny], 'egress'), 'egress', { ip: '1.2.3.4' }, 80)).toBe(false);
  });

  it('is about ingress alone unless it says or has egress', ({ expect }) => {
    expect(policiesFor({}, [policy({})], 'egress')).toEqual([]);
    expect(policiesFor({}, [policy({})], 'ingress')).toHaveLength(1);
    expect(policiesFor({}, [policy({ egress: [{}] })], 'egress')).toHaveLength(1);
  });

  it.for<[string, string, number, boolean]>([
    ['inside the block', '198.51.100.7', 443, true],
    ['in the exception', '198.51.100.129', 443, false],
    ['outside the block', '203.0.113.1', 443, false],
    ['another port', '198.51.100.7', 80, false],
    ['the end of a port range', '198.51.100.7', 450, true],
    ['beyond a port range', '198.51.100.7', 451, false],
  ])('judges blocks and ports: %s', ([, ip, port, expected], { expect }) => {
    const rule = {
      to: [{ ipBlock: { cidr: '198.51.100.0/24', except: ['198.51.100.128/25'] } }],
      ports: [{ port: 443, endPort: 450 }],
    };
    expect(allows([policy({ egress: [rule] })], 'egress', { ip }, port)).toBe(expected);
  });

  it('takes a pod selector alone as pods of its own namespace', ({ expect }) => {
    const own = policy({ egress: [{ to: [{ podSelector: { matchLabels: { app: 'x' } } }] }] });
    expect(allows([own], 'egress', podIn('lab', { app: 'x' }), 1)).toBe(true);
    expect(allows([own], 'egress', podIn('lab', { app: 'y' }), 1)).toBe(false);
    expect(allows([own], 'egress', podIn('other', { app: 'x' }), 1)).toBe(false);
    const both = policy({ egress: [{ to: [{ podSelector: { matchLabels: { app: 'x' } }, namespaceSelector: {} }] }] });
    expect(allows([both], 'egress', podIn('other', { app: 'x' }), 1)).toBe(true);
    expect(allows([both], 'egress', { ip: '10.244.0.9' }, 1)).toBe(false);
  });

  it('knows wide openings from narrow ones', ({ expect }) => {
    const narrow = policy({ egress: [{ to: [{ ipBlock: { cidr: '192.0.2.1/32' } }], ports: [{ port: 8030 }] }] });
    expect([isWide([narrow]), hasOpening([narrow], 'egress')]).toEqual([false, true]);
    expect(isWide([policy({ egress: [{}] })])).toBe(true);
    expect(hasOpening([policy({ egress: [] })], 'egress')).toBe(false);
    expect(namesAddress([narrow], '192.0.2.1', 8030)).toBe(true);
    expect(namesAddress([narrow], '192.0.2.1', 8031)).toBe(false);
  });

  it('refuses other protocols and named ports, unless they could reach nobody', ({ expect }) => {
    const refused = (rule: object) => () => refuseInexpressible([policy({ egress: [rule] })], 'egress');
    const unsupported = expect.objectContaining({ code: 'POLICY_UNSUPPORTED' });
    expect(refused({ ports: [{ protocol: 'UDP', port: 53 }] })).toThrow(unsupported);
    expect(refused({ ports: [{ port: 'http' }] })).toThrow(unsupported);
    expect(refused({ to: [{ podSelector: {} }], ports: [{ protocol: 'UDP', port: 53 }] })).not.toThrow();
    expect(refused({ to: [{ ipBlock: { cidr: '::/0' } }] })).not.toThrow();
    const udp = policy({ egress: [{ to: [{ podSelector: {} }], ports: [{ protocol: 'UDP', port: 53 }] }] });
    expect(allows([udp], 'egress', podIn('lab', {}), 53)).toBe(false);
  });

  it('selects by expressions', ({ expect }) => {
    const expression = (operator: string, values?: string[]) => ({
      matchExpressions: [{ key: 'k', operator, ...(values ? { values } : {}) }],
    });
    expect(selects(expression('In', ['v']), { k: 'v' })).toBe(true);
    expect(selects(expression('In', ['v']), {})).toBe(false);
    expect(selects(expression('NotIn', ['v']), {})).toBe(true);
    expect(selects(expression('Exists'), { k: '' })).toBe(true);
    expect(selects(expression('DoesNotExist'), { k: '' })).toBe(false);
    expect(selects(expression('Unheard'), { k: '' })).toBe(false);
  });
});
