import { describe, expect, it } from 'vitest';

import { canonicalTime, MICRO_TIME_LAYOUT, TIME_LAYOUT } from './times.ts';

describe('canonicalTime', () => {
  it.each([
    ['2026-01-02T03:04:05Z', TIME_LAYOUT, '2026-01-02T03:04:05Z'],
    ['2026-01-02T03:04:05+01:00', TIME_LAYOUT, '2026-01-02T02:04:05Z'],
    ['2026-01-02T03:04:05.678Z', TIME_LAYOUT, '2026-01-02T03:04:05Z'],
    ['2026-01-02T03:04:05.678901Z', MICRO_TIME_LAYOUT, '2026-01-02T03:04:05.678901Z'],
    ['2026-01-02T00:04:05.000001+01:30', MICRO_TIME_LAYOUT, '2026-01-01T22:34:05.000001Z'],
    ['2024-02-29T00:00:00Z', TIME_LAYOUT, '2024-02-29T00:00:00Z'],
  ] as const)('writes %s as UTC', (given, layout, canonical) => {
    expect(canonicalTime(given, layout)).toBe(canonical);
  });

  it.each([
    ['', 'cannot parse "" as "2006"'],
    ['2026', 'cannot parse "" as "-"'],
    ['2026-13-01T00:00:00Z', 'month out of range'],
    ['2026-02-30T00:00:00Z', 'day out of range'],
    ['2026-01-00T00:00:00Z', 'day out of range'],
    ['2026-01-01T24:00:00Z', 'hour out of range'],
    ['2026-01-01T00:60:00Z', 'minute out of range'],
    ['2026-01-01 00:00:00Z', 'cannot parse " 00:00:00Z" as "T"'],
    ['2026-01-01T00:00:00', 'cannot parse "" as "Z07:00"'],
    ['2026-01-01T00:00:00Zx', 'extra text: "x"'],
  ])('refuses %j: %s', (given, words) => {
    expect(() => canonicalTime(given, TIME_LAYOUT)).toThrow(words);
  });

  it('wants six digits of a second where the server keeps them', () => {
    expect(() => canonicalTime('2026-01-01T00:00:00.5Z', MICRO_TIME_LAYOUT)).toThrow('cannot parse ".5Z" as ".000000"');
  });
});
