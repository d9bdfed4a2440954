import { describe, it } from 'vitest';
import type { Outcome, Outcomes } from './judge-capabilities.ts';
import { fellShort, judge } from './judge-capabilities.ts';
import type { LauncherFacts } from './launcher/launcher.ts';

const SIZES = { uid: 1000, volumeMib: 4, memoryMib: 24, hogMib: 48, pids: 24 };
const FACTS: LauncherFacts = { isolated: true, users: 'range', cgroups: 'v2', sizedVolumes: 'ext4', why: 'a test' };

const ended = (output: string, throttledPeriods = 0): Outcome => ({
  exit: { code: 0, signal: 0, oomKilled: false, throttledPeriods },
  output,
  isOver: false,
});
const cutOff = (outcome: Outcome): Outcome => ({ ...outcome, output: '', isOver: true });

const SEEN = {
  loopback: 'ECONNREFUSED',
  outward: 'ENETUNREACH',
  sent: 'sent',
  looked: 'ECONNREFUSED',
  abstract: 'ECONNREFUSED',
  local: 'own',
  uid: 1000,
  becomeRoot: 'EPERM',
  capabilities: '0000000000000000',
  noNewPrivileges: '1',
  seccomp: '0',
  readOnlyMount: 'EROFS',
  readOnlyRoot: 'EROFS',
  volume: 'ENOSPC',
};
const saw = (seen: Partial<Record<keyof typeof SEEN, string | number>> = {}): Outcome =>
  ended(JSON.stringify({ ...SEEN, ...seen }));
const HELD: Outcomes = {
  tried: saw(),
  memory: ended('0'),
  pids: ended('sh: Cannot fork'),
  cpu: ended('done', 4),
  reached: [],
};
const judged = (change: Partial<Outcomes> = {}): ReturnType<typeof judge> =>
  judge({ ...HELD, ...change }, SIZES, FACTS);

describe('what the probe containers show', () => {
  it('holds where every attempt was refused', ({ expect }) => {
    const { seccomp, ...others } = judged();
    expect(seccomp.enforcement).toBe('recorded');
    for (const [name, { enforcement }] of Object.entries(others)) expect(enforcement, name).toBe('enforced');
    expect(fellShort(judged(), FACTS)).toBe(false);
  });

  it.for([
    ['network', { reached: ['tcp'] }, 'absent'],
    ['network', { tried: saw({ outward: 'connected' }) }, 'absent'],
    ['network', { tried: ended('not JSON') }, 'absent'],
    ['localhost', { tried: saw({ local: 'no answer' }) }, 'absent'],
    ['readonly', { tried: saw({ readOnlyRoot: 'written' }) }, 'absent'],
    ['user', { tried: saw({ becomeRoot: 'became root' }) }, 'absent'],
    ['volume-size', { tried: saw({ volume: 'written' }) }, 'recorded'],
    ['memory', { memory: ended(String(48 * 1024 * 1024)) }, 'recorded'],
    ['pids', { pids: ended('all') }, 'recorded'],
    ['cpu', { cpu: ended('done', 0) }, 'recorded'],
    // Silence of what was killed for its time is no proof of a limit.
    ['memory', { memory: cutOff(HELD.memory) }, 'recorded'],
    ['pids', { pids: cutOff(HELD.pids) }, 'recorded'],
  ] as const)('%s falls short with %o', ([name, change, enforcement], { expect }) => {
    const capabilities = judged(change);
    expect(capabilities[name].enforcement).toBe(enforcement);
    expect(fellShort(capabilities, FACTS)).toBe(true);
  });

  it('does not expect of a machine without control groups what only they give', ({ expect }) => {
    const capabilities = judged({ memory: ended(String(48 * 1024 * 1024)), cpu: ended('done', 0) });
    expect(fellShort(capabilities, FACTS)).toBe(true);
    expect(fellShort(capabilities, { ...FACTS, cgroups: 'absent' })).toBe(false);
  });
});
