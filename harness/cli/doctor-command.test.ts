import { expect, test } from 'vitest';
import { QUIRKS } from '../../provider/quirks.ts';
import type { ClusterCapabilities } from '../cluster/cluster.ts';
import { render } from './doctor-command.ts';

function rendered(capabilities: Partial<ClusterCapabilities>): string[] {
  const launcher = { kind: 'none', why: '' };
  const found = { version: 1, versions: {}, backends: [], launcher, tools: {}, quirks: QUIRKS } as const;
  return render({ ...found, capabilities: capabilities as ClusterCapabilities }, false).split('\n');
}

test('doctor lists every way of the classic stack that can be switched on, with what it gives away', () => {
  const lines = rendered({});
  for (const name of Object.keys(QUIRKS))
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^ +${name} +`)));
  expect(lines.join('\n')).toContain(QUIRKS['ended-is-70']);
});

test('evidence that several capabilities share is told once', () => {
  const absent = { enforcement: 'absent', evidence: 'no user namespaces here' } as const;
  const lines = rendered({ network: absent, memory: absent, user: { enforcement: 'enforced', evidence: 'EPERM' } });
  expect(lines.filter((line) => line.includes('absent'))).toEqual([
    '  - network            absent    no user namespaces here',
    '  - memory             absent    as network',
  ]);
  expect(lines).toContain('  ✓ user               enforced  EPERM');
});
