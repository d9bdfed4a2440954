import { expect, test } from 'vitest';
import { flagsOf, usageOf } from './flags.ts';

const BENCHMARKS = {
  embedded: [
    { name: 'up-warm', title: 'a start', defaultRuns: 5 },
    { name: 'job', title: 'a job', defaultRuns: 9 },
  ],
  kind: [{ name: 'up-fresh', title: 'a cluster', defaultRuns: 2 }],
};

test.each(['--help', '-h'])('%s asks for the usage, which names every benchmark and flag', (flag) => {
  expect(flagsOf([flag], BENCHMARKS).help).toBe(true);
  expect(usageOf(BENCHMARKS)).toMatch(
    /--only[^]*--runs[^]*--json[^]*up-warm[^]*a start \(5\)[^]*job[^]*--backend kind[^]*up-fresh/,
  );
});

test('without a name all of them run, with names those', () => {
  expect(flagsOf([], BENCHMARKS)).toEqual({
    backend: 'embedded',
    names: ['up-warm', 'job'],
    runs: undefined,
    asJson: false,
    help: false,
  });
  expect(flagsOf(['--backend', 'kind'], BENCHMARKS)).toMatchObject({ backend: 'kind', names: ['up-fresh'] });
  expect(flagsOf(['--only', 'job', '--runs', '3', '--json'], BENCHMARKS)).toEqual({
    backend: 'embedded',
    names: ['job'],
    runs: 3,
    asJson: true,
    help: false,
  });
});

test.each([
  [['--only', 'jobs'], 'jobs'],
  [['--backend', 'kind', '--only', 'job'], 'job on kind'],
  [['--backend', 'cloud'], '--backend'],
  [['--runs', '0'], '--runs'],
  [['--runs', 'x'], '--runs'],
  [['--fast'], '--fast'],
  [['job'], 'job'],
])('%j is refused by name', (args, text) => {
  expect(() => flagsOf(args, BENCHMARKS)).toThrow(text);
});
