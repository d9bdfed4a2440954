import { expect, test } from 'vitest';
import { WavetankError } from '../core/errors.ts';
import type { Ending } from './command-line.ts';
import { countOf, endingOf } from './command-line.ts';

const seen: unknown[] = [];
const ending = (...args: string[]): Promise<Ending> =>
  endingOf(
    {
      name: 'npm run try',
      usage: 'npm run try -- [--runs N] [--how WAY]\n',
      options: { runs: { type: 'string', default: '3' }, how: { type: 'string' } },
      async run({ runs, how }) {
        seen.push([countOf('--runs', runs), how]);
        if (how === 'without docker')
          throw new WavetankError('DOCKER_UNAVAILABLE', 'No Docker.', { category: 'environment' });
        if (how === 'broken') throw new Error('broken');
        return how !== 'badly';
      },
    },
    args,
  );

test('flags come with their defaults, and what does not hold is told', async () => {
  expect(await ending()).toEqual({ exitCode: 0 });
  expect(await ending('--runs', '5', '--how', 'badly')).toEqual({ exitCode: 1 });
  expect(seen).toEqual([
    [3, undefined],
    [5, 'badly'],
  ]);
});

test.each(['--help', '-h'])('%s tells the usage and runs nothing', async (flag) => {
  seen.length = 0;
  expect(await ending('--runs', '5', flag)).toEqual({ exitCode: 0, out: 'npm run try -- [--runs N] [--how WAY]\n' });
  expect(seen).toEqual([]);
});

test.each([['--nonsense'], ['--runs'], ['--runs', '0'], ['--runs', '1.5'], ['--runs', 'many'], ['more']])(
  'wrong usage is told with the usage: %s %s',
  async (...args) => {
    const { exitCode, err } = await ending(...args);
    expect(exitCode).toBe(2);
    expect(err).toMatch(/^npm run try: .+\nnpm run try -- \[--runs N\]/);
  },
);

test('what is missing, and what breaks, is told without the usage', async () => {
  expect(await ending('--how', 'without docker')).toEqual({ exitCode: 3, err: 'npm run try: No Docker.\n' });
  expect(await ending('--how', 'broken')).toEqual({ exitCode: 4, err: 'npm run try: broken\n' });
});
