import type { Clock } from '../../core/clock.ts';
import { systemClock } from '../../core/clock.ts';
import { isWavetankError, messageOf, WavetankError } from '../../core/errors.ts';
import { redact } from '../../core/redact.ts';
import type { CapabilityName } from '../cluster/cluster.ts';
import type { TestbedConfig } from '../config/testbed-config.ts';
import { collectEvidence } from '../evidence/collect.ts';
import { EXIT, exitCodeOf, runErrorOf } from '../report/exit-code.ts';
import type { Report } from '../report/report.ts';
import { ReportBuilder } from '../report/report.ts';
import type { RunningTestbed } from '../running-testbed.ts';
import type { S3Keys } from '../storage/existing/s3-account.ts';
import { startTestbed } from '../testbed.ts';
import type { Scenario, ScenarioOptions } from './define-scenario.ts';
import type { Reporter, RunOutcome } from './events.ts';
import { runStory } from './run-scenario.ts';
import { Trace } from './trace.ts';

export interface PlayOptions {
  readonly config: TestbedConfig;
  readonly seed: number;
  readonly options: ScenarioOptions;
  /** Capabilities without which the run is not wanted. */
  readonly require: readonly CapabilityName[];
  /** Overrides the scenario's own. Start-up is not counted. */
  readonly timeoutSeconds?: number | undefined;
  readonly reporters: readonly Reporter[];
  /** The line that runs it again. */
  readonly rerun: string;
  /** Where the evidence of a failed run goes. */
  readonly evidenceFolder: string;
  readonly interrupted: AbortSignal;
  /** Of the S3 that `storage: existing` uses. */
  readonly s3Keys?: S3Keys | undefined;
  /** Called with the testbed still running, after the last step. */
  readonly beforeStop?: (testbed: RunningTestbed) => Promise<void>;
}

/** Pods of a real cluster take seconds to start where others take milliseconds. */
const DEFAULT_TIMEOUT_SECONDS = { embedded: 120, kind: 600, existing: 1800 } as const;
const SCENARIO_TIMEOUT = 'SCENARIO_TIMEOUT';

export interface Played {
  readonly report: Report;
  /** What kept the run from its end, for whoever tells the user: Ctrl-C, a time-out, a testbed that did not start or stop. */
  readonly error?: unknown;
}

/**
 * Brings a testbed up, tells the story in it, takes everything down again, and reports.
 * @throws WavetankError REPORTER_FAILED; everything else is in the report
 */
export async function playScenario(scenario: Scenario, options: PlayOptions): Promise<Played> {
  const clock = systemClock;
  const builder = new ReportBuilder();
  const lines: string[] = [];
  const recorder: Reporter = {
    onEvent: (event) => void lines.push(JSON.stringify(event)),
    close: async () => undefined,
  };
  const trace = new Trace(clock, [builder, recorder, ...options.reporters]);
  const startedAt = clock.now();
  const { config, seed, rerun } = options;
  const backend = { cluster: config.backend ?? 'embedded', storage: config.storage ?? 'embedded' };
  trace.emit({ type: 'run.started', scenario: scenario.name, title: scenario.title, seed, backend });
  const { error, ...result } = await tellIn(scenario, options, trace, clock, lines).catch((problem: unknown): Told =>
    endedBy(problem),
  );
  trace.emit({
    type: 'run.ended',
    ...result,
    ...(error === undefined ? {} : { error: runErrorOf(error) }),
    exitCode: error === undefined ? exitCodeOfOutcome(result.outcome) : exitCodeOf(error),
    ms: clock.now() - startedAt,
    rerun,
  });
  const broken = await trace.close();
  if (broken.length > 0)
    throw new WavetankError('REPORTER_FAILED', `The report could not be written: ${broken.join('; ')}`);
  return { report: builder.build(), ...(error === undefined ? {} : { error }) };
}

interface Told {
  readonly outcome: RunOutcome;
  readonly reason?: string;
  readonly standIns?: readonly string[];
  readonly error?: unknown;
}

function endedBy(error: unknown): Told {
  const isCutShort = isWavetankError(error) && (error.category === 'interrupted' || error.code === SCENARIO_TIMEOUT);
  return { outcome: isCutShort ? 'interrupted' : 'failed', reason: redact(messageOf(error)), error };
}

function exitCodeOfOutcome(outcome: RunOutcome): number {
  return outcome === 'failed' ? EXIT.checkFailed : EXIT.ok;
}

async function tellIn(
  scenario: Scenario,
  options: PlayOptions,
  trace: Trace,
  clock: Clock,
  lines: readonly string[],
): Promise<Told> {
  const startedAt = clock.now();
  const { seed, interrupted } = options;
  const config = { ...(scenario.environment ? { environment: scenario.environment } : {}), ...options.config };
  const onPartLog = (
    part: string,
    { level, message, fields }: { level: string; message: string; fields: object },
  ): void => trace.emit({ type: 'part', part, level, message, fields: { ...fields } });
  const testbed = await startTestbed(config, {
    clock,
    signal: interrupted,
    traceLines: () => lines,
    onPartLog,
    s3Keys: options.s3Keys,
  });
  try {
    const { capabilities, endpoints } = testbed;
    const { standIns, quirks } = endpoints;
    trace.emit({ type: 'testbed.ready', ms: clock.now() - startedAt, capabilities, standIns, quirks });
    requireEnforced(options.require, testbed);
    const signal = AbortSignal.any([
      interrupted,
      timeLimit(
        options.timeoutSeconds ?? scenario.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS[config.backend ?? 'embedded'],
      ),
    ]);
    const story = { testbed, actors: testbed.actors, seed, options: options.options, clock, signal };
    const result = await runStory((step) => scenario.run({ ...story, step }), {
      clock,
      trace,
      capabilities,
      signal,
    }).catch((error: unknown) => {
      interrupted.throwIfAborted();
      if (!isWavetankError(error, SCENARIO_TIMEOUT)) throw error;
      return endedBy(error);
    });
    if (result.outcome === 'failed' || result.outcome === 'interrupted')
      await collectEvidence(testbed, options.evidenceFolder, config);
    await options.beforeStop?.(testbed);
    return { ...result, standIns: testbed.standIns };
  } finally {
    await testbed.stop();
  }
}

function timeLimit(seconds: number): AbortSignal {
  const controller = new AbortController();
  systemClock.after(seconds * 1000, () =>
    controller.abort(
      new WavetankError(SCENARIO_TIMEOUT, `The scenario was not over after ${seconds} s.`, { category: 'check' }),
    ),
  );
  return controller.signal;
}

/** @throws WavetankError CAPABILITY_MISSING (environment) */
function requireEnforced(required: readonly CapabilityName[], { capabilities }: RunningTestbed): void {
  const missing = required.filter((name) => capabilities[name].enforcement !== 'enforced');
  if (missing.length === 0) return;
  const reasons = missing.map(
    (name) => `${name} is ${capabilities[name].enforcement} (${capabilities[name].evidence})`,
  );
  throw new WavetankError('CAPABILITY_MISSING', `This machine lacks what was asked for: ${reasons.join('; ')}.`, {
    category: 'environment',
    hint: 'Leave it out of --require to run without: the checks that need it are then skipped and say so.',
  });
}
