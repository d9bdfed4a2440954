import { expect, test } from 'vitest';
import { runOnCommandLine } from './differ.ts';
import type { Differ } from './differ.ts';
import type { CommonFlags } from './flags.ts';
import { differReport, Tally, told } from './report.ts';

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A differ of nothing, which finds a difference or does not. */
function differ(finds: boolean, seen: CommonFlags[] = []): Differ {
  return {
    usage: 'how to use it\n',
    ownFlags: ['place'],
    reasons: new Map([['known', 'it is known']]),
    run(flags, own, tell) {
      seen.push(flags);
      const tally = new Tally();
      tally.request('get', 200);
      tally.listed(['known']);
      const unlisted = {
        sequence: 1,
        step: 2,
        request: `GET ${own['place'] ?? 'here'}`,
        answered: 200,
        differences: ['.code'],
        replay: 'again',
      };
      if (finds) {
        tally.unlisted(unlisted);
        tell(told(unlisted));
      }
      return Promise.resolve(
        differReport(
          'one',
          'another',
          1,
          flags.seeds.map((seed) => tally.report(seed, 1234)),
        ),
      );
    },
  };
}

async function run(subject: Differ, ...args: string[]): Promise<Said> {
  const said = { out: '', err: '' };
  const code = await runOnCommandLine(subject, args, {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
  });
  return { code, ...said };
}

test('the end report tells what was sent, what was listed and what was not', async () => {
  const { code, out } = await run(differ(true), '--place', 'there', '--seed', 'a,b');
  expect(code).toBe(1);
  expect(out.split('\n')).toEqual([
    'sequence 1 step 2: GET there (200)',
    '  .code',
    '  replay: again',
    '',
    'one against another',
    'seed a: 1 requests to each server in 1.2 s',
    '  answers: 200 ×1',
    '  requests: get ×1',
    '  unlisted differences: 1',
    'seed b: 1 requests to each server in 1.2 s',
    '  answers: 200 ×1',
    '  requests: get ×1',
    '  unlisted differences: 1',
    'listed differences, and how often they were met:',
    '  known ×2: it is known',
    'unlisted differences in 2 requests',
    '',
  ]);
});

test('--json is one line, and what is found meanwhile goes elsewhere', async () => {
  const { code, out, err } = await run(differ(true), '--json');
  expect(err).toContain('sequence 1 step 2');
  expect(out.trim().split('\n')).toHaveLength(1);
  expect([code, JSON.parse(out)]).toEqual([
    1,
    {
      subject: 'one',
      against: 'another',
      requestsPerSeed: 1,
      outcome: 'unlisted differences',
      seeds: [
        {
          seed: '1',
          requests: 1,
          seconds: 1.2,
          codes: { 200: 1 },
          operations: { get: 1 },
          listed: { known: 1 },
          unlisted: [
            { sequence: 1, step: 2, request: 'GET here', answered: 200, differences: ['.code'], replay: 'again' },
          ],
          repeated: 0,
        },
      ],
    },
  ]);
  expect((await run(differ(false))).code).toBe(0);
});

test('--help starts nothing, and wrong flags are refused', async () => {
  const seen: CommonFlags[] = [];
  expect(await run(differ(true, seen), '--help')).toEqual({ code: 0, out: 'how to use it\n', err: '' });
  for (const args of [
    ['--wrong'],
    ['--requests', 'x'],
    ['--steps', '1,y'],
    ['--seed', ','],
    ['--seed', 'a,b', '--sequence', '1'],
  ])
    await expect(run(differ(true, seen), ...args)).rejects.toMatchObject({ code: 'FLAG_INVALID', category: 'usage' });
  expect(seen).toEqual([]);
  await run(differ(false, seen), '--requests', '7', '--sequence', '3', '--steps', '1,2', '--all');
  expect(seen).toMatchObject([{ requests: 7, seeds: ['1'], sequence: 3, steps: [1, 2], tellsAll: true, json: false }]);
});
