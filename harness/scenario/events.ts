/** The trace: one NDJSON line per event. Reporters read it and nothing else. A change of meaning raises the version. */
export const TRACE_VERSION = 1;

export type Outcome = 'passed' | 'failed' | 'skipped';

/** How a whole run went: one that was stopped on its way (Ctrl-C, its time was over) neither passed nor failed its checks. */
export type RunOutcome = Outcome | 'interrupted';

/** The reason of a step that a Ctrl-C or the end of its time cut short. */
export const INTERRUPTED = 'interrupted';

/** Why a run did not come to its end. */
export interface RunError {
  /** Stable, for scripts. */
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

export interface CheckResult {
  readonly name: string;
  readonly outcome: Outcome;
  /** Why it was skipped, or what went wrong. */
  readonly reason?: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
}

export type TraceBody =
  | {
      readonly type: 'run.started';
      readonly scenario: string;
      readonly title: string;
      readonly seed: number;
      readonly backend: Record<string, string>;
    }
  | {
      readonly type: 'testbed.ready';
      readonly ms: number;
      readonly capabilities: Readonly<Record<string, unknown>>;
      readonly standIns: readonly string[];
      /** Ways of the classic Provider that were switched on. */
      readonly quirks?: readonly string[];
    }
  | { readonly type: 'step.started'; readonly index: number; readonly step: string }
  | { readonly type: 'check'; readonly step: string; readonly check: CheckResult }
  | {
      readonly type: 'step.ended';
      readonly index: number;
      readonly step: string;
      readonly outcome: Outcome;
      readonly reason?: string;
      readonly ms: number;
    }
  /** Something that happened in a part: a log record, a request, a chain transaction, a change of a Kubernetes object. */
  | {
      readonly type: 'part';
      readonly part: string;
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
      readonly level: string;
    }
  /** What a person reading the report wants to see: accuracy, confusion matrix … */
  | { readonly type: 'figure'; readonly step: string; readonly name: string; readonly value: unknown }
  | {
      readonly type: 'run.ended';
      readonly outcome: RunOutcome;
      readonly reason?: string;
      /** What kept the run from its end, where something did. */
      readonly error?: RunError;
      /** What the process ends with. */
      readonly exitCode: number;
      /** Every stand-in that was used in the end. */
      readonly standIns?: readonly string[];
      readonly ms: number;
      readonly rerun: string;
    };

export type TraceEvent = TraceBody & {
  readonly version: typeof TRACE_VERSION;
  readonly seq: number;
  readonly atMs: number;
};

export interface Reporter {
  /** Called for every event, in order. Must not throw; one that does is set aside and fails the run. */
  onEvent(event: TraceEvent): void;
  /** After the last event: write files, restore the terminal. */
  close(): Promise<void>;
}
