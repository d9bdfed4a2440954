import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import { isSecretName, redact } from './redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * Structured log: a constant message, what varies in `fields` (lower camel case: jobId, did, environment, durationMs …).
 * error: a person must act · warn: degraded but going on · info: a state changed once · debug: why.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Logger;
}

export type LogFields = Readonly<Record<string, unknown>>;

export interface LogRecord {
  readonly at: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export type LogSink = (record: LogRecord) => void;

/** Every record passes redaction before it reaches the sink. */
export function createLogger(sink: LogSink, fields: LogFields = {}, clock: Clock = systemClock): Logger {
  const write =
    (level: LogLevel) =>
    (message: string, extra: LogFields = {}): void =>
      sink({ at: clock.now(), level, message: redact(message), fields: redactFields({ ...fields, ...extra }) });
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (extra) => createLogger(sink, { ...fields, ...extra }, clock),
  };
}

export const silentLogger: Logger = createLogger(() => undefined);

function redactFields(fields: LogFields): LogFields {
  return redactValue('', JSON.parse(JSON.stringify(fields, plainErrors))) as LogFields;
}

function redactValue(name: string, value: unknown): unknown {
  if (typeof value === 'string') return isSecretName(name) ? '***' : redact(value);
  if (Array.isArray(value)) return value.map((item) => redactValue(name, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactValue(key, inner)]));
}

function plainErrors(_key: string, value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message };
  return typeof value === 'bigint' ? value.toString() : value;
}
