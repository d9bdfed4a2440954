import type { Clock } from '../../core/clock.ts';
import { objectNames } from '../api/names.ts';
import type { ComputeEnvironment, WorkFlow } from '../api/workflow.ts';
import type { KubeObject } from '../kubernetes/objects.ts';
import type { Reflector } from '../kubernetes/reflector.ts';

export interface LeaseObject extends KubeObject {
  readonly spec?: { readonly renewTime?: string; readonly leaseDurationSeconds?: number };
}

/** As `/environments` answers it: classic names, numbers as numbers. */
export interface EnvironmentView {
  readonly id: string;
  readonly cpuNumber: number;
  readonly cpuType: string;
  readonly gpuNumber: number;
  readonly gpuType: string;
  readonly ramGB: number;
  readonly diskGB: number;
  readonly priceMin: number;
  readonly desc: string;
  readonly currentJobs: number;
  readonly maxJobs: number;
  readonly consumerAddress: string;
  readonly storageExpiry: number;
  readonly maxJobDuration: number;
  /** Decimal epoch seconds as a string. */
  readonly lastSeen: string;
  readonly isolation: string;
  /** Other Providers whose files the operator fetches for a job. */
  readonly inputProviders: readonly string[];
}

export interface EnvironmentSources {
  readonly environments: Reflector<ComputeEnvironment>;
  readonly leases: Reflector<LeaseObject>;
  readonly workflows: Reflector<WorkFlow>;
  readonly clock: Clock;
  readonly namespace: string;
  readonly inputProviders: readonly string[];
}

/** Environments whose engine still gives a sign of life, for one chain or for all. */
export function liveEnvironments(sources: EnvironmentSources, chainId?: number): EnvironmentView[] {
  return sources.environments.cache
    .list()
    .filter((environment) => serves(environment, chainId) && isAlive(sources, environment.metadata.name))
    .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))
    .map((environment) => viewOf(sources, environment));
}

/** undefined when there is none, when its engine is gone, or when it does not serve the chain. */
export function findEnvironment(
  sources: EnvironmentSources,
  id: string,
  chainId: number,
): ComputeEnvironment | undefined {
  const environment = sources.environments.cache.get(`${sources.namespace}/${id}`);
  return environment && serves(environment, chainId) && isAlive(sources, id) ? environment : undefined;
}

function serves({ spec }: ComputeEnvironment, chainId: number | undefined): boolean {
  return chainId === undefined || spec.allowedChainIds.length === 0 || spec.allowedChainIds.includes(chainId);
}

function renewedAt(
  { leases, namespace }: EnvironmentSources,
  id: string,
): { at: number; durationMs: number } | undefined {
  const spec = leases.cache.get(`${namespace}/${objectNames.environmentLease(id)}`)?.spec;
  if (!spec?.renewTime) return undefined;
  return { at: Date.parse(spec.renewTime), durationMs: (spec.leaseDurationSeconds ?? 0) * 1000 };
}

function isAlive(sources: EnvironmentSources, id: string): boolean {
  const renewed = renewedAt(sources, id);
  return renewed !== undefined && sources.clock.now() <= renewed.at + renewed.durationMs;
}

function viewOf(sources: EnvironmentSources, { metadata, spec }: ComputeEnvironment): EnvironmentView {
  const running = sources.workflows.cache
    .list()
    .filter((workflow) => workflow.spec.environment === metadata.name && workflow.status?.finishedAt === undefined);
  return {
    id: metadata.name,
    cpuNumber: spec.cpuNumber,
    cpuType: spec.cpuType,
    gpuNumber: spec.gpuNumber,
    gpuType: spec.gpuType,
    ramGB: spec.ramGb,
    diskGB: spec.diskGb,
    priceMin: spec.priceMin,
    desc: spec.description,
    currentJobs: running.length,
    maxJobs: spec.maxJobs,
    consumerAddress: spec.consumerAddress,
    storageExpiry: spec.storageExpirySeconds,
    maxJobDuration: spec.maxJobDurationSeconds,
    lastSeen: String((renewedAt(sources, metadata.name)?.at ?? 0) / 1000),
    isolation: spec.isolation,
    inputProviders: sources.inputProviders,
  };
}
