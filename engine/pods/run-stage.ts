import { BROKER_ROUTES } from '../api/broker-http.ts';
import type { BrokerClient } from './broker-client.ts';
import { PodLog } from './pod-log.ts';
import { redactUrlQueries } from './redact.ts';
import type { PodSettings } from './settings.ts';
import { readSettings } from './settings.ts';

export interface StageFailure {
  readonly code: string;
  readonly message: string;
}

interface StageResult {
  readonly broker: BrokerClient;
  readonly report: { readonly ok: boolean };
}

/** Runs a stage, ships its log, reports, and ends with 0 only when the report says so and the broker has it. */
export async function runStage(
  stage: 'configure' | 'publish',
  work: (settings: PodSettings, log: PodLog) => Promise<StageResult>,
): Promise<void> {
  const log = new PodLog();
  try {
    const { broker, report } = await work(readSettings(), log);
    await broker.json({ method: 'PUT', path: BROKER_ROUTES.log(stage), body: () => log.text() });
    const body = JSON.stringify({ stage, report });
    await broker.json({
      method: 'POST',
      path: BROKER_ROUTES.report,
      headers: { 'content-type': 'application/json' },
      body: () => body,
    });
    broker.close();
    process.exit(report.ok ? 0 : 1); // what is still on its way after a failure is wanted by nobody
  } catch (error) {
    log.write('the stage broke', stageFailure(error) as unknown as Record<string, unknown>);
    process.exit(2); // an open connection must not keep a failed stage alive
  }
}

export function stageFailure(error: unknown): StageFailure {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return {
    code: typeof code === 'string' ? code : 'STAGE_FAILED',
    message: redactUrlQueries(typeof message === 'string' ? message : String(error)).slice(0, 500),
  };
}
