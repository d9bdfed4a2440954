import { expect, test } from 'vitest';
import { Visits } from './visits.ts';

const GATE = 'gate 77';
const line = (at: number, said: string, from = '10.0.0.7'): string => JSON.stringify({ at, from, over: 'tcp', said });

function after(...lines: string[]): Visits {
  const visits = new Visits();
  for (const one of lines) visits.take(one);
  return visits;
}

test.each([
  ['nobody came', [], false],
  ['the gate alone came', [line(2000, GATE)], false],
  ['somebody came and said nothing', [line(2000, '')], true],
  ['somebody came before', [line(999, 'hello')], false],
  ['somebody came from elsewhere', [line(2000, 'hello', '10.0.0.8')], false],
  ["another pod's gate came", [line(2000, 'gate 78')], true],
  ['the gate came, then somebody, then nobody else', [line(1500, GATE), line(1600, 'x'), line(1700, GATE)], true],
  ['what is no visit', ['{}', 'null', '"x"', 'half a li'], false],
] as const)('%s', (_what, lines, seen) => {
  expect(after(...lines).has('10.0.0.7', 1000, GATE)).toBe(seen);
});

test('is bounded, and forgets the oldest first', () => {
  const visits = after(line(2000, 'x', 'first'));
  for (let i = 0; i < 4096; i++) visits.take(line(2000, 'x', `10.1.${i >> 8}.${i & 255}`));
  expect(visits.has('first', 0, GATE)).toBe(false);
  expect(visits.has('10.1.15.255', 0, GATE)).toBe(true);
  for (let i = 0; i < 100; i++) visits.take(line(2001 + i, `word ${i}`, 'talker'));
  expect(visits.has('talker', 2100, GATE)).toBe(true);
});
