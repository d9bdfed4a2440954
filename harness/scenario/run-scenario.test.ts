import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { WavetankError } from '../../core/errors.ts';
import { VirtualClock } from '../../core/virtual-clock.ts';
import type { CapabilityName, ClusterCapabilities } from '../cluster/cluster.ts';
import { CAPABILITY_NAMES } from '../cluster/cluster.ts';
import { runErrorOf } from '../report/exit-code.ts';
import { consoleReporter } from '../report/console.ts';
import { junitXml } from '../report/junit.ts';
import type { Report } from '../report/report.ts';
import { ReportBuilder } from '../report/report.ts';
import type { Answer, Checks } from './checks.ts';
import type { Reporter } from './events.ts';
import type { Step } from './run-scenario.ts';
import { runStory } from './run-scenario.ts';
import { Trace } from './trace.ts';

const yes = <T>(value: T): Answer<T> => ({ ok: true, value });
const no = (code: string): Answer<never> => ({ ok: false, refusal: { status: 400, code } });

function capabilities(enforced: readonly CapabilityName[]): ClusterCapabilities {
  const entries = CAPABILITY_NAMES.map((name) => [
    name,
    enforced.includes(name)
      ? { enforcement: 'enforced', evidence: 'probed' }
      : { enforcement: 'absent', evidence: 'no such luck' },
  ]);
  return Object.fromEntries(entries) as ClusterCapabilities;
}

async function tell(
  story: (step: Step) => Promise<void>,
  extra: readonly Reporter[] = [],
  signal: AbortSignal = new AbortController().signal,
): Promise<{ report: Report; printed: string }> {
  const clock = new VirtualClock();
  const builder = new ReportBuilder();
  let printed = '';
  const stream = { write: (text: string) => ((printed += text), true) } as unknown as NodeJS.WritableStream;
  const trace = new Trace(clock, [builder, consoleReporter({ stream }), ...extra]);
  trace.emit({ type: 'run.started', scenario: 's', title: 'A story', seed: 1, backend: { cluster: 'embedded' } });
  const result = await runStory(story, { clock, trace, capabilities: capabilities(['network']), signal }).catch(
    (error: unknown) => {
      if (!signal.aborted) throw error;
      return { outcome: 'interrupted' as const, error: runErrorOf(error) };
    },
  );
  const exitCode = { interrupted: 130, failed: 1, passed: 0, skipped: 0 }[result.outcome];
  trace.emit({ type: 'run.ended', ...result, exitCode, ms: 1, rerun: 'npm run scenario s' });
  await trace.close();
  return { report: builder.build(), printed };
}

const one = (work: (check: Checks) => Promise<void> | void) =>
  tell((step) => step('only', async (check) => work(check)));

test('ways of the classic stack that were switched on stand in the report', () => {
  const builder = new ReportBuilder();
  const clock = new VirtualClock();
  const trace = new Trace(clock, [builder]);
  const ready = { capabilities: capabilities([]), standIns: [] };
  trace.emit({ type: 'testbed.ready', ms: 1, ...ready, quirks: ['ended-is-70'] });
  expect(builder.build()).toMatchObject({ quirks: ['ended-is-70'] });
});

test('amounts of a chain are reported as JSON can say them', async () => {
  const lines: string[] = [];
  const recorder = {
    onEvent: (event: unknown) => void lines.push(JSON.stringify(event)),
    close: async () => undefined,
  };
  const { report } = await tell((step) => step('only', async (check) => check.equal('balance', 1n, 2n)), [recorder]);
  expect(report.steps[0]?.checks).toEqual([{ name: 'balance', outcome: 'failed', expected: '2', actual: '1' }]);
  expect(lines.some((line) => line.includes('"actual":"1"'))).toBe(true);
});

test("a mistake in what the user gave is no failed check, but the user's to hear", async () => {
  const mistake = new WavetankError('INVALID_RECORDINGS', 'line 1', { category: 'usage' });
  await expect(tell(() => Promise.reject(mistake))).rejects.toBe(mistake);
  const { report } = await tell(() => Promise.reject(new WavetankError('OTHER', 'x', { category: 'check' })));
  expect(report.outcome).toBe('failed');
});

describe('checks', () => {
  test.each<[string, 'passed' | 'failed', (check: Checks) => Promise<void> | void]>([
    ['equal values', 'passed', (check) => check.equal('x', { a: [1] }, { a: [1] })],
    ['other values', 'failed', (check) => check.equal('x', 1, 2)],
    ['a refusal for the reason asked', 'passed', (check) => check.refused('x', no('a'), { code: 'a' })],
    ['a refusal for another reason', 'failed', (check) => check.refused('x', no('b'), { code: 'a' })],
    ['an acceptance where a refusal was due', 'failed', (check) => check.refused('x', yes(1), { code: 'a' })],
    ['an acceptance', 'passed', (check) => void check.accepted('x', yes(1))],
    ['a refusal where an acceptance was due', 'failed', (check) => void check.accepted('x', no('a'))],
    ['an enforced capability', 'passed', (check) => check.requires(['network'], 'x', () => check.that('y', true))],
  ])('%s', async (_name, outcome, work) => {
    expect((await one(work)).report.outcome).toBe(outcome);
  });

  test('twins need both: the refusal with its reason and the acceptance', async () => {
    const calls = { refused: async () => no('a'), because: { code: 'a' }, accepted: async () => yes(7) };
    expect((await one(async (check) => void (await check.twins('t', calls)))).report.outcome).toBe('passed');
    const bothRefused = { ...calls, accepted: async () => no('a') };
    expect((await one(async (check) => void (await check.twins('t', bothRefused)))).report.outcome).toBe('failed');
    const bothAccepted = { ...calls, refused: async () => yes(7) };
    expect((await one(async (check) => void (await check.twins('t', bothAccepted)))).report.outcome).toBe('failed');
  });

  test('what the backend cannot enforce is skipped with the reason, and the work is not done', async () => {
    let ran = false;
    const { report, printed } = await one((check) =>
      check.requires(['network', 'memory'], 'hog', () => void (ran = true)),
    );
    expect(ran).toBe(false);
    expect(report.steps[0]?.checks).toEqual([
      { name: 'hog', outcome: 'skipped', reason: 'memory is absent on this backend: no such luck' },
    ]);
    expect(report.outcome).toBe('skipped');
    expect(printed).toContain('hog: memory is absent');
  });

  test('what several capabilities lack for one reason is said once', async () => {
    const { report } = await one((check) => check.requires(['network', 'memory', 'pids'], 'hog', () => undefined));
    expect(report.steps[0]?.checks).toEqual([
      { name: 'hog', outcome: 'skipped', reason: 'memory, pids are absent on this backend: no such luck' },
    ]);
  });
});

describe('steps', () => {
  test('a failed check lets the step and the story go on', async () => {
    const { report } = await tell(async (step) => {
      await step('first', async (check) => {
        check.equal('a', 1, 2);
        check.equal('b', 1, 1);
      });
      await step('second', async (check) => check.that('c', true));
    });
    expect(report.steps.map((step) => step.outcome)).toEqual(['failed', 'passed']);
    expect(report.steps[0]?.checks).toHaveLength(2);
    expect(report.outcome).toBe('failed');
  });

  test('a step that breaks skips the later ones, with the reason', async () => {
    const { report } = await tell(async (step) => {
      await step('first', async () => Promise.reject(new Error('boom')));
      await step('second', async (check) => check.that('c', true));
    });
    expect(report.steps[0]).toMatchObject({ outcome: 'failed', reason: 'boom' });
    expect(report.steps[1]).toMatchObject({ outcome: 'skipped', reason: 'step 1 could not go on: boom', checks: [] });
    expect(report.outcome).toBe('failed');
  });

  test('a step without a check proved nothing', async () => {
    const { report } = await tell((step) => step('empty', async () => undefined));
    expect(report.steps[0]).toMatchObject({ outcome: 'skipped', reason: 'the step made no check' });
  });

  test('an aborted story rejects with the reason of the abort', async () => {
    const controller = new AbortController();
    const clock = new VirtualClock();
    const running = runStory(
      (step) => step('for ever', () => new Promise(() => controller.abort(new Error('time is over')))),
      { clock, trace: new Trace(clock, []), capabilities: capabilities([]), signal: controller.signal },
    );
    await expect(running).rejects.toThrow('time is over');
  });
});

describe('a story that is interrupted', () => {
  const interruption = new WavetankError('INTERRUPTED', 'Interrupted.', { category: 'interrupted' });
  async function interrupted(): Promise<{ report: Report; printed: string }> {
    const controller = new AbortController();
    return tell(
      async (step) => {
        await step('whole', async (check) => check.that('a', true));
        await step('cut short', async (check) => {
          check.that('b', true);
          controller.abort(interruption);
          // What breaks because everything is being stopped, and a story that goes on in spite of it.
          check.that('c', false);
          await Promise.reject(new Error('socket hang up'));
        }).catch(() => undefined);
        await step('never', async (check) => check.that('d', false));
      },
      [],
      controller.signal,
    );
  }

  test('says so, and blames no check: what was cut short is skipped, what follows is not listed', async () => {
    const { report, printed } = await interrupted();
    expect(report).toMatchObject({ outcome: 'interrupted', exitCode: 130, error: { code: 'INTERRUPTED' } });
    expect(report.steps.map(({ name, outcome, reason }) => [name, outcome, reason])).toEqual([
      ['whole', 'passed', undefined],
      ['cut short', 'skipped', 'interrupted'],
    ]);
    expect(report.steps[1]?.checks).toEqual([{ name: 'b', outcome: 'passed' }]);
    expect(printed).toMatch(/INTERRUPTED {2}2 passed, 0 failed/);
    expect(printed).not.toMatch(/FAILED|✗/);
  });

  test('is in JUnit neither failed nor as good as whole', async () => {
    const { report } = await interrupted();
    const xml = junitXml(report);
    expect(xml).toContain('tests="4" failures="0" errors="0" skipped="2"');
    expect(xml).toContain('name="the rest of the step"><skipped message="interrupted"/>');
    // A time-out is the story's own fault.
    const late = { ...report, exitCode: 1, error: { code: 'SCENARIO_TIMEOUT', message: 'late' } };
    expect(junitXml(late)).toContain('<error message="SCENARIO_TIMEOUT: late"/>');
  });
});

describe('reports', () => {
  test('JUnit is well-formed whatever the checks are called, and counts as the report does', async () => {
    const { report } = await tell((step) =>
      step('a <b> & "c"', async (check) => {
        check.equal('x <&> \u0000', '\u0001', ']]>');
        check.skip('s', 'because "so"');
        check.that('ok', true);
      }),
    );
    const xml = junitXml(report);
    expect(XMLValidator.validate(xml)).toBe(true);
    const suites = (new XMLParser({ ignoreAttributes: false }).parse(xml) as { testsuites: Record<string, unknown> })
      .testsuites;
    expect(suites).toMatchObject({ '@_tests': '3', '@_failures': '1', '@_skipped': '1' });
  });

  test('a reporter that breaks is set aside, and the run knows', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const broken: Reporter = {
      onEvent: () => {
        throw new Error('disk full');
      },
      close: async () => undefined,
    };
    const good: Reporter = { onEvent: (event) => void seen.push(event.type), close: async () => undefined };
    const trace = new Trace(clock, [broken, good]);
    trace.emit({ type: 'step.started', index: 1, step: 'x' });
    trace.emit({ type: 'step.started', index: 2, step: 'y' });
    expect(await trace.close()).toEqual(['disk full']);
    expect(seen).toHaveLength(2);
  });

  test('a failure prints what was expected, what was seen, and the line that runs it again', async () => {
    const { printed } = await one((check) => check.equal('sum', 3, 4));
    expect(printed).toContain('✗ sum');
    expect(printed).toContain('expected  4');
    expect(printed).toContain('actual    3');
    expect(printed).toContain('npm run scenario s');
  });
});
