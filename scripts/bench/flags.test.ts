import { expect, test } from 'vitest';
import { flagsOf, usageOf } from './flags.ts';

const BENCHMARKS = [
  { name: 'up-warm', title: 'a start', defaultRuns: 5 },
  { name: 'job', title: 'a job', defaultRuns: 9 },
];

test.each(['--help', '-h'])('%s asks for the usage, which names every benchmark and flag', (flag) => {
  expect(flagsOf([flag], BENCHMARKS).help).toBe(true);
  expect(usageOf(BENCHMARKS)).toMatch(/--only[^]*--runs[^]*--json[^]*up-warm[^]*a start \(5\)[^]*job/);
});

test('without a name all of them run, with names those', () => {
  expect(flagsOf([], BENCHMARKS)).toEqual({ names: ['up-warm', 'job'], runs: undefined, asJson: false, help: false });
  expect(flagsOf(['--only', 'job', '--runs', '3', '--json'], BENCHMARKS)).toEqual({
    names: ['job'],
    runs: 3,
    asJson: true,
    help: false,
  });
});

test.each([
  [['--only', 'jobs'], 'jobs'],
  [['--runs', '0'], '--runs'],
  [['--runs', 'x'], '--runs'],
  [['--fast'], '--fast'],
  [['job'], 'job'],
])('%j is refused by name', (args, text) => {
  expect(() => flagsOf(args, BENCHMARKS)).toThrow(text);
});
