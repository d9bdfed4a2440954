import type { JobPhase, JobResultType } from '../../core/protocol/job-status.ts';
import type { API_VERSION, Stage } from './names.ts';

export interface Metadata {
  name: string;
  namespace: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: {
    apiVersion: string;
    kind: string;
    name: string;
    uid: string;
    controller?: boolean;
    blockOwnerDeletion?: boolean;
  }[];
}

/**
 * A live job. Written by the Operator Service (spec) and the Operator Engine (status); the Job Broker adds stage reports
 * to the status. No code, no parameter, no capability and no URL is in it: those lie in the Secret that it names.
 */
export interface WorkFlow {
  apiVersion: typeof API_VERSION;
  kind: 'WorkFlow';
  metadata: Metadata;
  spec: WorkFlowSpec;
  status?: WorkFlowStatus;
}

/** Most characters of what a request may choose freely; the definition of the resource and the check of requests share them. */
export const SPEC_LIMITS = { image: 1024, entrypoint: 16_384, serviceId: 256 } as const;

export interface WorkFlowSpec {
  jobId: string;
  /** The consumer, spelled as it was sent: it is part of what clients compare. */
  owner: string;
  agreementId: string;
  chainId: number;
  /** Checksum address of the Provider that asked. */
  provider: string;
  environment: string;
  algorithm: {
    /** '' for raw code. */
    did: string;
    /** image@sha256:… when a digest is given, image:tag otherwise. */
    image: string;
    entrypoint: string;
  };
  inputs: { did: string; serviceId: string; fileCount: number }[];
  networkAccess: boolean;
  /** Already the minimum of what was paid and what the service allows; the engine takes the minimum with the environment's limit. */
  maxDurationSeconds: number;
  /** Unix seconds; 0 = no end. */
  validUntil: number;
  /** Name of the Secret, and the SHA-256 of its canonical content: another content is another job and is refused. */
  secret: { name: string; digest: string };
  /** Set by a stop request; honoured in every state. */
  stopRequested?: boolean;
}

export interface WorkFlowStatus {
  observedGeneration?: number;
  phase: JobPhase;
  conditions?: Condition[];
  /** RFC 3339 with milliseconds, each set once. */
  acceptedAt?: string;
  finishedAt?: string;
  /** Set before the compute pod is created: intent and no pod means that it never was created. */
  computeIntent?: { pod: string; at: string };
  computePod?: { uid: string; node?: string; startedAt?: string; imageId?: string };
  /** uids of pods that failed before anything foreign could run in them, and that others took the places of. */
  failedStarts?: string[];
  /** When the engine first saw a stop request, and in which phase: a stop while publishing ends that, an earlier one does not. */
  stop?: { at: string; phase: JobPhase };
  outcome?: ComputeOutcome;
  reports?: { configure?: ConfigureReport; publish?: PublishReport };
  results?: StoredResult[];
  /** Why the job ended as it did, for the consumer: no secrets, no file names. */
  details?: Record<string, string | number | boolean>;
  /** Whether the paid run counts: false gives it back (interrupted, provisioning failed …). */
  runConsumed?: boolean;
  /** The final record is in the archive. Set by the Job Broker once `cleanedAt` is set; until then the WorkFlow stays. */
  archived?: boolean;
  /** The job's pods, volume and Secrets are gone. Set by the engine. */
  cleanedAt?: string;
}

export interface Condition {
  type: 'Provisioned' | 'ComputeStarted' | 'ComputeEnded' | 'Published' | 'Finished';
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
}

export interface ComputeOutcome {
  kind: 'succeeded' | 'failed' | 'timeLimit' | 'stopped' | 'interrupted' | 'neverStarted';
  exitCode?: number;
  signal?: number;
  oomKilled?: boolean;
  /** CamelCase, from the pod: Completed, Error, OOMKilled, DeadlineExceeded, Evicted, ErrImagePull … */
  reason: string;
  message?: string;
  startedAt?: string;
  finishedAt?: string;
}

/** What pod-configure tells the broker. */
export interface ConfigureReport {
  ok: boolean;
  /** Which side failed decides between 31 and 32. */
  failed?: 'data' | 'algorithm';
  code?: string;
  message?: string;
  files: { did: string; index: number; bytes: number; sha256: string; verified: boolean }[];
}

/** What pod-publish tells the broker. */
export interface PublishReport {
  ok: boolean;
  code?: string;
  message?: string;
  published: number;
  /** How many were not published; `refused` may list fewer. */
  notPublished?: number;
  /** What was not published and why: symbolic link, device, too many, too large. Paths are relative to outputs. */
  refused: { path: string; reason: string }[];
}

export interface StoredResult {
  index: number;
  /** Relative path inside outputs, or algorithm.log. */
  filename: string;
  filesize: number;
  type: JobResultType;
  sha256: string;
  /** Object key in the results bucket. */
  key: string;
}

/** What a consumer may choose to run in. `metadata.name` is the environment's id. */
export interface ComputeEnvironment {
  apiVersion: typeof API_VERSION;
  kind: 'ComputeEnvironment';
  metadata: Metadata;
  spec: ComputeEnvironmentSpec;
}

export interface ComputeEnvironmentSpec {
  description: string;
  cpuNumber: number;
  cpuType: string;
  gpuNumber: number;
  gpuType: string;
  ramGb: number;
  diskGb: number;
  /** Per minute, in whole units of the fee token; 0 is free. */
  priceMin: number;
  maxJobs: number;
  maxJobDurationSeconds: number;
  /** Seconds that results are kept after the end; 0 = for ever. */
  storageExpirySeconds: number;
  /** Who is the consumer of orders for this environment. */
  consumerAddress: string;
  /** Empty = every chain. */
  allowedChainIds: number[];
  isolation: 'required' | 'best-effort';
}

/** Data of the Secret that a WorkFlow names; each key is one JSON text. */
export interface JobSecret {
  /** JSON of `WorkflowStage` (core/protocol/workflow.ts): code, parameters, DDOs and capabilities. */
  'stage.json': string;
}

/** Data of a per-stage token Secret. Only the broker and the pod that mounts it read it; it is gone when the stage ends. */
export interface StageToken {
  token: string;
  stage: Stage;
  jobId: string;
}
