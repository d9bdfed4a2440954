import { describe, expect, test } from 'vitest';
import type { Findings, Tried } from './findings.ts';
import { judge } from './findings.ts';

const SIZES = { uid: 10_002, processes: 400, volumeMib: 4, memoryMib: 96 };
const denied = (ms: number): Tried['targets'][string] => ({ word: 'no answer', deniedAfterMs: ms });
const reached = { word: 'reached', deniedAfterMs: null };

const RESTRICTED: Tried = {
  targets: { 'another pod': denied(0), 'the node': denied(1200), 'the name server': denied(0) },
  local: 'own',
  uid: 10_002,
  becomeRoot: 'EPERM',
  capabilities: '0000000000000000',
  noNewPrivileges: '1',
  seccomp: '2',
  readOnlyRoot: 'EROFS',
  readOnlyMount: 'EROFS',
  volume: 'ENOSPC',
};
const CONTROL: Tried = {
  ...RESTRICTED,
  targets: { 'another pod': reached, 'the node': reached, 'the name server': reached },
};
const GOOD: Findings = {
  restricted: RESTRICTED,
  control: CONTROL,
  memory: { isOomKilled: true, said: '' },
  throttledPeriods: 3,
  pids: { startedAll: false, said: '' },
  problems: {},
};

const enforcementsOf = (findings: Findings): Record<string, string> =>
  Object.fromEntries(Object.entries(judge(findings, SIZES)).map(([name, { enforcement }]) => [name, enforcement]));
const all = (enforcement: string): Record<string, string> =>
  Object.fromEntries(Object.keys(judge(GOOD, SIZES)).map((name) => [name, enforcement]));
const restricted = (changes: Partial<Tried>): Findings => ({ ...GOOD, restricted: { ...RESTRICTED, ...changes } });

test('what held is enforced, and how long a policy took is said', () => {
  expect(enforcementsOf(GOOD)).toEqual(all('enforced'));
  expect(judge(GOOD, SIZES).network.evidence).toMatch(/another pod, the node, the name server.*1200 ms/);
});

describe('one thing that does not hold is one that is not enforced', () => {
  const cases: [string, string, string, Findings][] = [
    [
      'a pod reaches its node',
      'network',
      'absent',
      restricted({ targets: { ...RESTRICTED.targets, 'the node': reached } }),
    ],
    ['a pod cannot reach itself', 'localhost', 'absent', restricted({ local: 'ECONNREFUSED' })],
    ['memory is taken', 'memory', 'recorded', { ...GOOD, memory: { isOomKilled: false, said: '{"taken":1}' } }],
    ['a loop is never held back', 'cpu', 'recorded', { ...GOOD, throttledPeriods: 0 }],
    ['the control group is hidden', 'cpu', 'recorded', { ...GOOD, throttledPeriods: null }],
    ['every process starts', 'pids', 'recorded', { ...GOOD, pids: { startedAll: true, said: 'all' } }],
    ['the pod of processes never ran', 'pids', 'recorded', { ...GOOD, problems: { pids: 'Pending' } }],
    ['a volume takes more than its size', 'volume-size', 'recorded', restricted({ volume: 'written' })],
    ['the root can be written', 'readonly', 'absent', restricted({ readOnlyRoot: 'written' })],
    ['a read-only volume can be written', 'readonly', 'absent', restricted({ readOnlyMount: 'written' })],
    ['no volume was tried', 'readonly', 'absent', restricted({ readOnlyMount: undefined })],
    ['another user runs it', 'user', 'absent', restricted({ uid: 0 })],
    ['it becomes root', 'user', 'absent', restricted({ becomeRoot: 'became root' })],
    ['it has capabilities', 'user', 'absent', restricted({ capabilities: '00000000a80425fb' })],
    ['there is no filter', 'seccomp', 'absent', restricted({ seccomp: '0' })],
  ];
  test.each(cases)('%s', (_what, name, enforcement, findings) => {
    expect(enforcementsOf(findings)).toEqual({ ...all('enforced'), [name]: enforcement });
  });
});

test('nothing is proven by a target that nobody reaches', () => {
  const offline = { ...CONTROL, targets: RESTRICTED.targets };
  expect(judge({ ...GOOD, control: offline }, SIZES).network).toMatchObject({ enforcement: 'absent' });
  expect(judge({ ...GOOD, control: undefined }, SIZES).network).toMatchObject({ enforcement: 'absent' });
  const partly = { ...CONTROL, targets: { ...CONTROL.targets, 'the node': denied(0) } };
  const { enforcement, evidence } = judge({ ...GOOD, control: partly }, SIZES).network;
  expect(enforcement).toBe('enforced');
  expect(evidence).toMatch(/Reached by nobody: the node/);
});

test('a probe that gave no answer leaves nothing enforced', () => {
  const findings = { ...GOOD, restricted: undefined, problems: { restricted: 'the pod restricted is Pending' } };
  expect(enforcementsOf(findings)).toEqual(all('absent'));
  expect(judge(findings, SIZES).user.evidence).toMatch(/Pending/);
});
