/** API group, labels, annotations and finalizers: the one place that spells them. */
export const GROUP = 'oceanprotocol.com';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

export const WORKFLOWS = { group: GROUP, version: VERSION, resource: 'workflows', kind: 'WorkFlow' } as const;
export const COMPUTE_ENVIRONMENTS = {
  group: GROUP,
  version: VERSION,
  resource: 'computeenvironments',
  kind: 'ComputeEnvironment',
} as const;

export const LABELS = {
  /** On everything that we create: what `wavetank down` looks for. */
  managedBy: 'app.kubernetes.io/managed-by',
  /** The job's id, on every object of a job. */
  job: 'oceanprotocol.com/job',
  /** configure | compute | publish, on pods and on per-stage Secrets. Network policies select by it. */
  stage: 'oceanprotocol.com/stage',
  /** sha256 of the lower-case owner address, first 40 hex digits. */
  owner: 'oceanprotocol.com/owner',
  /** Lower-case Provider address without 0x. */
  provider: 'oceanprotocol.com/provider',
  environment: 'oceanprotocol.com/environment',
  /** 'allowed' only on compute pods whose datasets all allow network access. */
  network: 'oceanprotocol.com/network',
} as const;

export const MANAGED_BY = 'wavetank';

export const ANNOTATIONS = {
  requestId: 'oceanprotocol.com/request-id',
  /** 'true' once the owner deleted the job: it is listed no more, and its end leaves nothing in the archive. */
  deleteRequested: 'oceanprotocol.com/delete-requested',
} as const;

export const FINALIZERS = {
  /** On the compute pod: goes only after its outcome is recorded in the WorkFlow's status. */
  outcome: 'oceanprotocol.com/outcome',
  /** On the WorkFlow: goes only after the job's objects are gone and its record is in the archive. */
  job: 'oceanprotocol.com/job',
} as const;

/** Leases: who leads among several engines. */
export const LEADER_LEASE = 'operator-engine';

/** Standing network policies, by name. */
export const NETWORK_POLICY_NAMES = {
  /** Denies every job pod everything, in both directions. */
  deny: 'wavetank-jobs-deny-all',
  /** configure and publish may reach the Job Broker. */
  broker: 'wavetank-jobs-reach-broker',
  /** compute pods labelled `network=allowed` may go out. */
  outward: 'wavetank-jobs-reach-outward',
} as const;

export type Stage = 'configure' | 'compute' | 'publish';

/** Deterministic names of a job's objects: a stale cache meets "already exists" instead of making a second one. */
export const objectNames = {
  workflow: (jobId: string) => `job-${jobId}`,
  /** Code, parameters and capabilities: what must not lie in the WorkFlow. Every try of a start has its own, told apart by `digest`. */
  secret: (jobId: string, digest: string) => `job-${jobId}-inputs-${digest.slice(0, 20)}`,
  /** The stage's token for the Job Broker. */
  stageToken: (jobId: string, stage: Stage) => `job-${jobId}-${stage}-token`,
  volume: (jobId: string) => `job-${jobId}`,
  pod: (jobId: string, stage: Stage) => `job-${jobId}-${stage}`,
  /** A ConfigMap whose existence is the claim of one running job per agreement. */
  claim: (chainId: number, agreementDigest: string) => `claim-${chainId}-${agreementDigest}`,
  /** Lease that the engine renews for an environment: one that ran out belongs to an engine that is gone. */
  environmentLease: (environment: string) => `environment-${environment}`,
} as const;
