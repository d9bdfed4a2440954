import { hostname } from 'node:os';
import { randomHex } from '../../core/entropy.ts';
import { WavetankError } from '../../core/errors.ts';
import type { KubeconfigSource } from '../kubernetes/client.ts';
import type { Seams } from '../../core/seams.ts';
import type { BrokerEgress, Deadlines, OutwardCidr, PodSettings } from './settings.ts';
import { DEFAULT_DEADLINES, DEFAULT_POD_SETTINGS } from './settings.ts';
import { OUTWARD } from './manifests/network-policies.ts';

export interface OperatorEngineOptions extends Partial<Omit<PodSettings, 'namespace'>>, KubeconfigSource {
  readonly seams: Seams;
  readonly namespace: string;
  readonly podsImage: string;
  readonly brokerUrlForPods: string;
  readonly brokerEgress: BrokerEgress;
  /** `required` (default): a job whose isolation cannot be had ends with 47 and never runs. */
  readonly isolation?: 'required' | 'best-effort';
  /** What the backend measured, by capability name. What is not in it counts as not enforced. */
  readonly capabilities?: Readonly<Record<string, 'enforced' | 'recorded' | 'absent'>>;
  /** What `required` asks for. Default network, readonly, user. */
  readonly requiredCapabilities?: readonly string[];
  /** Where compute pods with network access may go. */
  readonly outward?: readonly OutwardCidr[];
  /** A storage class that keeps released volumes would keep the data: refused unless this is set. */
  readonly allowRetainedVolumes?: boolean;
  /** Who this engine is, in leases and events. Of engines that stand for election no two may be the same: by default its host and a random number. */
  readonly identity?: string;
  /** Default false: one replica needs none. */
  readonly leaderElection?: boolean;
  /** Jobs that are looked at simultaneously. Default 16; how many *run* is the environment's `maxJobs`. */
  readonly maxConcurrent?: number;
  /** How long an ended job's WorkFlow stays once it is archived. Default 3600; 0 removes it at once. */
  readonly retentionSeconds?: number;
  readonly deadlines?: Partial<Deadlines>;
  /** How long an environment counts as served after the last heartbeat. Default 40; renewed every quarter of it. */
  readonly heartbeatSeconds?: number;
}

export interface ResolvedOptions {
  readonly namespace: string;
  readonly pods: PodSettings;
  readonly brokerEgress: BrokerEgress;
  readonly outward: readonly OutwardCidr[];
  readonly isolation: 'required' | 'best-effort';
  readonly capabilities: Readonly<Record<string, string>>;
  readonly requiredCapabilities: readonly string[];
  readonly identity: string;
  readonly maxConcurrent: number;
  readonly retentionSeconds: number;
  readonly deadlines: Deadlines;
  readonly heartbeatSeconds: number;
}

/** @throws WavetankError OPTIONS_INVALID (usage) */
export function resolveOptions(options: OperatorEngineOptions): ResolvedOptions {
  return {
    namespace: options.namespace,
    pods: podSettings(options),
    brokerEgress: options.brokerEgress,
    outward: options.outward ?? OUTWARD,
    isolation: options.isolation ?? 'required',
    capabilities: options.capabilities ?? {},
    requiredCapabilities: options.requiredCapabilities ?? ['network', 'readonly', 'user'],
    identity: options.identity ?? defaultIdentity(options),
    maxConcurrent: options.maxConcurrent ?? 16,
    retentionSeconds: options.retentionSeconds ?? 3600,
    deadlines: { ...DEFAULT_DEADLINES, ...options.deadlines },
    heartbeatSeconds: options.heartbeatSeconds ?? 40,
  };
}

/** Two that take each other for themselves would both lead. */
function defaultIdentity({ leaderElection, seams }: OperatorEngineOptions): string {
  return leaderElection ? `${hostname()}_${randomHex(seams.entropy, 8)}` : 'operator-engine';
}

function podSettings(options: OperatorEngineOptions): PodSettings {
  return {
    namespace: options.namespace,
    podsImage: options.podsImage,
    brokerUrlForPods: options.brokerUrlForPods,
    imagePullPolicy: options.imagePullPolicy ?? DEFAULT_POD_SETTINGS.imagePullPolicy,
    podsCommand: options.podsCommand ?? DEFAULT_POD_SETTINGS.podsCommand,
    storageClass: options.storageClass ?? DEFAULT_POD_SETTINGS.storageClass,
    podUser: options.podUser ?? DEFAULT_POD_SETTINGS.podUser,
    gate: options.gate ?? DEFAULT_POD_SETTINGS.gate,
    maxOutputFiles: bounded('maxOutputFiles', options.maxOutputFiles ?? DEFAULT_POD_SETTINGS.maxOutputFiles, 99_999),
    maxOutputBytes: bounded('maxOutputBytes', options.maxOutputBytes ?? DEFAULT_POD_SETTINGS.maxOutputBytes),
    logCapBytes: options.logCapBytes ?? DEFAULT_POD_SETTINGS.logCapBytes,
    tmpSize: options.tmpSize ?? DEFAULT_POD_SETTINGS.tmpSize,
    terminationGraceSeconds: options.terminationGraceSeconds ?? DEFAULT_POD_SETTINGS.terminationGraceSeconds,
    cpuOvercommit: options.cpuOvercommit ?? DEFAULT_POD_SETTINGS.cpuOvercommit,
    ownUserNamespace: options.ownUserNamespace ?? DEFAULT_POD_SETTINGS.ownUserNamespace,
    ...(options.nodeSelector === undefined ? {} : { nodeSelector: options.nodeSelector }),
    ...(options.imagePullSecrets === undefined ? {} : { imagePullSecrets: options.imagePullSecrets }),
  };
}

function bounded(name: string, value: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw new WavetankError('OPTIONS_INVALID', `${name} must be a whole number from 1 to ${most}.`, {
    category: 'usage',
  });
}
