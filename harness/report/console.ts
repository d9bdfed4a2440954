import { styleText } from 'node:util';
import type { CheckResult, Reporter, RunOutcome, TraceEvent } from '../scenario/events.ts';
import { INTERRUPTED } from '../scenario/events.ts';
import { countChecks, ReportBuilder } from './report.ts';

export interface ConsoleOptions {
  /** Where progress goes: stdout, or stderr beside `--json`. */
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Every check, and the parts' own log lines. */
  readonly verbose?: boolean;
}

const MARKS: Record<RunOutcome, readonly [mark: string, colour: 'green' | 'red' | 'yellow']> = {
  passed: ['✓', 'green'],
  failed: ['✗', 'red'],
  skipped: ['-', 'yellow'],
  interrupted: ['-', 'yellow'],
};

/** Live progress for people: a line for every step as it ends, its failed and skipped checks below it. */
export function consoleReporter({ stream, verbose = false }: ConsoleOptions): Reporter {
  const isTty = stream.isTTY === true;
  const builder = new ReportBuilder();
  const paint = (colour: Parameters<typeof styleText>[0], text: string): string =>
    isTty ? styleText(colour, text) : text;
  const line = (text: string): void => void stream.write(`${isTty ? '\r\u001b[K' : ''}${text}\n`);
  /** The line that the next one replaces. On a stream that is no terminal it would only be noise. */
  const live = (text: string): void => void (isTty && stream.write(`\r\u001b[K${paint('dim', text)}`));
  const mark = (outcome: RunOutcome): string => paint(MARKS[outcome][1], MARKS[outcome][0]);
  let checks: CheckResult[] = [];
  let figures: [string, unknown][] = [];

  const endStep = (event: TraceEvent & { type: 'step.ended' }): void => {
    const count = `${checks.filter((check) => check.outcome === 'passed').length} checks`;
    line(
      `${mark(event.outcome)} ${String(event.index).padStart(2)}  ${event.step} ${paint('dim', `(${count}, ${event.ms} ms)`)}`,
    );
    for (const [name, value] of figures) line(`        ${name}: ${plain(value)}`);
    for (const check of checks) if (verbose || check.outcome !== 'passed') describeCheck(check);
    if (event.reason && (checks.length === 0 || event.reason === INTERRUPTED)) line(`        ${event.reason}`);
  };
  const describeCheck = (check: CheckResult): void => {
    line(`      ${mark(check.outcome)} ${check.name}${check.reason ? `: ${check.reason}` : ''}`);
    if (check.outcome !== 'failed') return;
    if ('expected' in check) line(`          expected  ${plain(check.expected)}`);
    if ('actual' in check) line(`          actual    ${plain(check.actual)}`);
  };
  const endRun = (event: TraceEvent & { type: 'run.ended' }): void => {
    const { passed, failed, skipped } = countChecks(builder.build());
    const total = `${passed} passed, ${failed} failed, ${skipped} skipped`;
    line('');
    line(
      `${paint(MARKS[event.outcome][1], event.outcome.toUpperCase())}  ${total} in ${(event.ms / 1000).toFixed(1)} s`,
    );
    if (event.reason) line(event.reason);
    if (event.outcome === 'failed' || event.outcome === 'interrupted') line(`Run it again:  ${event.rerun}`);
  };

  return {
    onEvent(event) {
      builder.onEvent(event);
      switch (event.type) {
        case 'run.started':
          line(
            `${paint('bold', event.title)} ${paint('dim', `(seed ${event.seed}, ${Object.values(event.backend).join(' + ')})`)}`,
          );
          live('starting the testbed …');
          break;
        case 'testbed.ready':
          line(paint('dim', `     testbed ready in ${event.ms} ms`));
          break;
        case 'step.started':
          checks = [];
          figures = [];
          live(`… ${String(event.index).padStart(2)}  ${event.step}`);
          break;
        case 'check':
          checks.push(event.check);
          break;
        case 'figure':
          figures.push([event.name, event.value]);
          break;
        case 'step.ended':
          endStep(event);
          break;
        case 'run.ended':
          endRun(event);
          break;
        case 'part':
          if (verbose)
            line(
              paint('dim', `        ${event.part} ${event.level}: ${event.message} ${JSON.stringify(event.fields)}`),
            );
          break;
      }
    },
    async close() {},
  };
}

const LONGEST_VALUE = 600;

function plain(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
