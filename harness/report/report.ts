import { EXIT } from './exit-code.ts';
import type { CheckResult, Outcome, Reporter, RunError, RunOutcome, TraceEvent } from '../scenario/events.ts';

/** The content of report.json: outside users script against it. */
export interface Report {
  readonly version: 1;
  readonly scenario: string;
  readonly title: string;
  readonly seed: number;
  readonly backend: Readonly<Record<string, string>>;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly standIns: readonly string[];
  /** Ways of the classic Provider that were switched on. */
  readonly quirks: readonly string[];
  readonly steps: readonly StepReport[];
  /** `interrupted`: Ctrl-C, or its time was over; the step that was cut short is skipped, those after it are not listed. */
  readonly outcome: RunOutcome;
  readonly reason?: string;
  /** What kept the run from its end: an interruption, a time-out, a machine or a testbed that could not. */
  readonly error?: RunError;
  /** What the process ended with. */
  readonly exitCode: number;
  readonly ms: number;
  readonly startupMs: number;
  /** The line that runs it again. */
  readonly rerun: string;
}

export interface StepReport {
  readonly name: string;
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly checks: readonly CheckResult[];
  readonly figures?: Readonly<Record<string, unknown>>;
  readonly ms: number;
}

interface OpenStep {
  name: string;
  outcome: Outcome;
  reason?: string;
  checks: CheckResult[];
  figures: Record<string, unknown>;
  ms: number;
}

/** Gathers the events of a run into a `Report`. */
export class ReportBuilder implements Reporter {
  #head = { scenario: '', title: '', seed: 0, backend: {} as Record<string, string> };
  #ready = {
    ms: 0,
    capabilities: {} as Readonly<Record<string, unknown>>,
    standIns: [] as readonly string[],
    quirks: [] as readonly string[],
  };
  #end: Pick<Report, 'outcome' | 'reason' | 'error' | 'exitCode' | 'ms' | 'rerun'> = {
    outcome: 'failed',
    reason: 'the run did not end',
    exitCode: EXIT.broken,
    ms: 0,
    rerun: '',
  };
  readonly #steps: OpenStep[] = [];

  onEvent(event: TraceEvent): void {
    switch (event.type) {
      case 'run.started':
        this.#head = { scenario: event.scenario, title: event.title, seed: event.seed, backend: event.backend };
        break;
      case 'testbed.ready':
        this.#ready = {
          ms: event.ms,
          capabilities: event.capabilities,
          standIns: event.standIns,
          quirks: event.quirks ?? [],
        };
        break;
      case 'step.started':
        this.#steps.push({
          name: event.step,
          outcome: 'failed',
          reason: 'the step did not end',
          checks: [],
          figures: {},
          ms: 0,
        });
        break;
      case 'check':
        this.#steps.at(-1)?.checks.push(event.check);
        break;
      case 'figure':
        Object.assign(this.#steps.at(-1)?.figures ?? {}, { [event.name]: event.value });
        break;
      case 'step.ended':
        this.#endStep(event);
        break;
      case 'run.ended':
        if (event.standIns) this.#ready.standIns = event.standIns;
        this.#end = {
          outcome: event.outcome,
          ...(event.reason ? { reason: event.reason } : {}),
          ...(event.error ? { error: event.error } : {}),
          exitCode: event.exitCode,
          ms: event.ms,
          rerun: event.rerun,
        };
        break;
      case 'part':
        break;
    }
  }

  async close(): Promise<void> {}

  build(): Report {
    const steps = this.#steps.map(({ figures, ...step }) =>
      Object.keys(figures).length > 0 ? { ...step, figures } : step,
    );
    const { ms: startupMs, capabilities, standIns, quirks } = this.#ready;
    return { version: 1, ...this.#head, capabilities, standIns, quirks, steps, startupMs, ...this.#end };
  }

  #endStep(event: TraceEvent & { type: 'step.ended' }): void {
    const step = this.#steps.at(-1);
    if (!step) return;
    step.outcome = event.outcome;
    step.ms = event.ms;
    if (event.reason === undefined) delete step.reason;
    else step.reason = event.reason;
  }
}

export interface CheckCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function countChecks(report: Pick<Report, 'steps'>): CheckCounts {
  const outcomes = report.steps.flatMap((step) => step.checks.map((check) => check.outcome));
  const count = (outcome: Outcome): number => outcomes.filter((one) => one === outcome).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}
