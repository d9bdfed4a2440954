import type { Writable } from 'node:stream';
import { systemClock } from '../clock.ts';
import { isWavetankError, messageOf } from '../errors.ts';
import type { ListenOptions } from '../http-listen.ts';
import type { LogLevel } from '../log.ts';
import { createLogger } from '../log.ts';
import type { RunningResource } from '../resource.ts';
import { ResourceStack } from '../resource.ts';
import type { Seams } from '../seams.ts';
import { systemSeams } from '../seams.ts';
import { createNet } from '../net.ts';
import { startHealthServer } from './health-server.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[];

export interface ServiceOptions {
  readonly name: string;
  readonly logLevel: LogLevel;
  /** Where the cluster asks whether the process lives and is ready. */
  readonly health: ListenOptions;
  /** Aborted when the process is to end. */
  readonly ended: AbortSignal;
  readonly stdout: Writable;
}

/** 0 ended when told to · 1 did not start, or could not be stopped · 2 wrong configuration. */
export type ServiceExitCode = 0 | 1 | 2;

/** A part of the operator as a process of its own: one JSON line per log record, health for the cluster, a clean end on TERM. */
export async function runService(
  start: (seams: Seams) => Promise<RunningResource>,
  { name, logLevel, health, ended, stdout }: ServiceOptions,
): Promise<ServiceExitCode> {
  const least = LOG_LEVELS.indexOf(logLevel);
  const log = createLogger((record) => {
    if (LOG_LEVELS.indexOf(record.level) >= least) stdout.write(`${JSON.stringify({ part: name, ...record })}\n`);
  });
  const stack = new ResourceStack();
  const net = createNet();
  stack.defer('connections', () => net.close());
  let isReady = false;
  try {
    await stack.start('health', () => startHealthServer(health, () => isReady && !ended.aborted));
    await stack.start(name, () => start(systemSeams({ clock: systemClock, net, log })));
    isReady = true;
    log.info('The service is ready.');
    if (!ended.aborted) await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }));
    log.info('The service ends.');
    await stack.stop();
    return 0;
  } catch (error) {
    log.error('The service failed.', {
      reason: messageOf(error),
      code: isWavetankError(error) ? error.code : undefined,
    });
    await stack.stop().catch(() => undefined);
    return isWavetankError(error) && error.category === 'usage' ? 2 : 1;
  }
}

/** TERM is what a cluster sends, INT what a person types. */
export function abortedBySignal(): AbortSignal {
  const ended = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ended.abort());
  return ended.signal;
}
