/**
 * The one table of job states. 1 to 40, 60 and 70 are the classic numbers and texts (the trailing space of 40 included);
 * every other end has a number of its own, since the classic stack called failed, stopped and overdue jobs finished.
 */
export const JOB_STATUS = {
  warmingUp: { code: 1, text: 'Warming up' },
  started: { code: 10, text: 'Job started' },
  configuringVolumes: { code: 20, text: 'Configuring volumes' },
  volumeCreationFailed: { code: 21, text: 'Volume creation failed', isEnd: true },
  containerCreationFailed: { code: 22, text: 'Container creation failed', isEnd: true },
  provisioned: { code: 30, text: 'Provisioning success' },
  dataProvisioningFailed: { code: 31, text: 'Data provisioning failed', isEnd: true },
  algorithmProvisioningFailed: { code: 32, text: 'Algorithm provisioning failed', isEnd: true },
  runningAlgorithm: { code: 40, text: 'Running algorithm ' },
  algorithmFailed: { code: 41, text: 'Algorithm failed', isEnd: true },
  timeLimitReached: { code: 44, text: 'Time limit reached', isEnd: true },
  stopped: { code: 45, text: 'Job stopped', isEnd: true },
  interrupted: { code: 46, text: 'Job interrupted', isEnd: true },
  isolationUnavailable: { code: 47, text: 'Isolation unavailable', isEnd: true },
  isolationBreached: { code: 48, text: 'Isolation breached', isEnd: true },
  publishingResults: { code: 60, text: 'Publishing results' },
  publishingFailed: { code: 62, text: 'Publishing failed', isEnd: true },
  finished: { code: 70, text: 'Job finished', isEnd: true },
} as const satisfies Record<string, { code: number; text: string; isEnd?: true }>;

export type JobPhase = keyof typeof JOB_STATUS;

const PHASES = Object.keys(JOB_STATUS) as JobPhase[];

export function phaseOfCode(code: number): JobPhase | undefined {
  return PHASES.find((phase) => JOB_STATUS[phase].code === code);
}

/** Whether a job in this phase may end there. `dateFinished` alone says that it has ended: publishing may still follow. */
export function isEndPhase(phase: JobPhase): boolean {
  return 'isEnd' in JOB_STATUS[phase];
}

/** One job as the Operator Service and the Provider answer it (classic fields verbatim; ours are optional additions). */
export interface ComputeJob {
  readonly agreementId: string;
  readonly jobId: string;
  readonly owner: string;
  readonly status: number;
  readonly statusText: string;
  /** Decimal epoch seconds as a string. */
  readonly dateCreated: string;
  readonly dateFinished: string | null;
  readonly results: '' | readonly JobResult[];
  /** 0 none, 1 stop requested, 2 timed out. */
  readonly stopreq: 0 | 1 | 2;
  readonly removed: 0 | 1;
  readonly algoDID: string;
  readonly inputDID: readonly string[];
  readonly environment?: string;
  /** Why it ended as it did: exit code, signal, OOM, scheduler's reason. No file names, no secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface JobResult {
  readonly index: number;
  readonly filename: string;
  readonly filesize: number;
  readonly type: JobResultType;
}

/** `configrationLog` is spelled as the classic stack spells it. Only the first two kinds ever reach a consumer here. */
export type JobResultType = 'output' | 'algorithmLog' | 'configrationLog' | 'publishLog' | 'filteringLog';
