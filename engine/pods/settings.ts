import { readFileSync } from 'node:fs';
import { POD_ENV } from '../api/broker-http.ts';

/** What the engine tells its own pods. The token comes in a file, so that no environment listing shows it. */
export interface PodSettings {
  readonly brokerUrl: URL;
  readonly token: string;
  readonly volume: string;
  /** Where permitted traffic leaves an embedded pod. */
  readonly egressSocket: string | undefined;
  readonly maxOutputFiles: number;
  readonly maxOutputBytes: number;
}

export function readSettings(env: NodeJS.ProcessEnv = process.env): PodSettings {
  return {
    brokerUrl: new URL(required(env, POD_ENV.brokerUrl)),
    token: readFileSync(required(env, POD_ENV.tokenFile), 'utf8').trim(),
    volume: required(env, POD_ENV.volume),
    egressSocket: env[POD_ENV.egressSocket],
    maxOutputFiles: positive(env, POD_ENV.maxOutputFiles, 10_000),
    maxOutputBytes: positive(env, POD_ENV.maxOutputBytes, 10 * 1024 ** 3),
  };
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

function positive(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const value = Number(env[name] ?? fallback);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} must be a positive number`);
  return value;
}
