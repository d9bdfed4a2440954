import { expect, test } from 'vitest';
import { QUIRKS } from '../../provider/quirks.ts';
import type { ClusterCapabilities } from '../cluster/cluster.ts';
import { render } from './doctor-command.ts';

test('doctor lists every way of the classic stack that can be switched on, with what it gives away', () => {
  const launcher = { kind: 'none', why: '' };
  const capabilities = {} as ClusterCapabilities;
  const findings = {
    version: 1,
    versions: {},
    backends: [],
    launcher,
    capabilities,
    quirks: QUIRKS,
    tools: {},
  } as const;
  const lines = render(findings, false).split('\n');
  for (const name of Object.keys(QUIRKS))
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^ +${name} +`)));
  expect(lines.join('\n')).toContain(QUIRKS['ended-is-70']);
});
