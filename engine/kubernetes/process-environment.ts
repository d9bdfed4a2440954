import { z } from 'zod';
import type { LogLevel } from '../../core/log.ts';
import type { RunningResource } from '../../core/resource.ts';
import type { Seams } from '../../core/seams.ts';
import type { Environment } from '../../core/process/environment.ts';
import type { KubeconfigSource } from './client.ts';
import { inClusterKubeconfig } from './in-cluster.ts';
import { abortedBySignal, LOG_LEVELS, runService } from '../../core/process/run-service.ts';

/** What every part of the operator is told in the same words when it runs as a process of its own. */
export interface ProcessSettings {
  /** Of the jobs. */
  readonly namespace: string;
  readonly cluster: KubeconfigSource;
  readonly logLevel: LogLevel;
  /** Loopback unless the process has a network of its own, as in a pod. */
  readonly host: string;
  readonly port: number;
  readonly healthPort: number;
}

export function processSettingsFrom(environment: Environment): ProcessSettings {
  return {
    namespace: environment.text('JOBS_NAMESPACE'),
    cluster: clusterFrom(environment),
    logLevel: environment.choice('LOG_LEVEL', LOG_LEVELS, 'info'),
    host: environment.text('LISTEN_HOST', '127.0.0.1'),
    port: environment.number('PORT', 0),
    healthPort: environment.number('HEALTH_PORT', 0),
  };
}

/** The file that is named, else the cluster that the process runs in. */
function clusterFrom(environment: Environment): KubeconfigSource {
  const kubeconfigPath = environment.optional('KUBECONFIG');
  if (kubeconfigPath !== undefined) return { kubeconfigPath };
  const names = ['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT'];
  const kubeconfig = inClusterKubeconfig(Object.fromEntries(names.map((name) => [name, environment.optional(name)])));
  return kubeconfig === undefined ? { kubeconfigPath: environment.text('KUBECONFIG') } : { kubeconfig };
}

const providersSchema = z.record(z.string().regex(/^0x[\da-fA-F]{40}$/), z.array(z.url()));

/** Addresses of the Providers that the operator works for, and the URLs that files come from. */
export function allowedProvidersFrom(environment: Environment): Readonly<Record<string, readonly string[]>> {
  return environment.json('ALLOWED_PROVIDERS', (value) => providersSchema.parse(value)) ?? {};
}

/** Addresses of the other Providers whose files the operator fetches, and their URLs. None unless it is said. */
export function inputProvidersFrom(environment: Environment): Readonly<Record<string, readonly string[]>> {
  if (environment.optional('INPUT_PROVIDERS') === undefined) return {};
  return environment.json('INPUT_PROVIDERS', (value) => providersSchema.parse(value)) ?? {};
}

/** Runs a part until the process is told to end. Resolves to the exit code. */
export function runPart(
  name: string,
  environment: Environment,
  start: (seams: Seams, settings: ProcessSettings) => Promise<RunningResource>,
): Promise<number> {
  const settings = processSettingsFrom(environment);
  const { logLevel, host, healthPort } = settings;
  return runService(
    async (seams) => {
      environment.check();
      return start(seams, settings);
    },
    { name, logLevel, health: { host, port: healthPort }, ended: abortedBySignal(), stdout: process.stdout },
  );
}
