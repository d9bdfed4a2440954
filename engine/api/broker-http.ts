import type { ConfigureReport, PublishReport } from './workflow.ts';

/**
 * What job pods say to the Job Broker: `Authorization: Bearer <stage token>`, everything under `/v1`.
 * The token names job and stage; nothing of another job can be reached with it.
 */
export const BROKER_ROUTES = {
  /** configure: what to fetch and where to put it (`ConfigurePlan`). */
  plan: '/v1/plan',
  /** configure: the bytes of input `i`, file `j`; ranges resume. `algorithm` instead of a number for the algorithm's files. */
  input: (input: number | 'algorithm', file: number) => `/v1/inputs/${input}/${file}`,
  /** publish: PUT of one regular file, path relative to outputs; answers `StoredBytes`. The same PUT again replaces. */
  output: (path: string) => `/v1/outputs/${encodeURIComponent(path)}`,
  /** publish: PUT of the algorithm's log; configure and publish: PUT of their own log (operators only). */
  log: (name: 'algorithm' | 'configure' | 'publish') => `/v1/logs/${name}`,
  /** POST of the stage's report; the last thing that a stage does. */
  report: '/v1/report',
} as const;

export interface ConfigurePlan {
  readonly jobId: string;
  readonly inputs: readonly PlannedInput[];
  readonly algorithm: {
    readonly did: string;
    readonly rawcode?: string;
    readonly ddo?: string;
    readonly files: readonly PlannedFile[];
  };
  /** JSON text for inputs/algoCustomData.json. */
  readonly algoCustomData: string;
}

export interface PlannedInput {
  readonly index: number;
  readonly did: string;
  readonly serviceId: string;
  readonly ddo: string;
  readonly files: readonly PlannedFile[];
}

export interface PlannedFile {
  readonly index: number;
  readonly checksum?: string;
  readonly contentLength?: number;
}

/** What the broker received and stored of one PUT. */
export interface StoredBytes {
  readonly bytes: number;
  readonly sha256: string;
}

/** A file that pod-publish sent, as it read it: the broker compares with what it stored. */
export interface PublishedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly type: 'output' | 'algorithmLog';
}

/** In the order of the results' indexes. */
export type PublishStageReport = PublishReport & { readonly files: readonly PublishedFile[] };

export type StageReport =
  | { readonly stage: 'configure'; readonly report: ConfigureReport }
  | { readonly stage: 'publish'; readonly report: PublishStageReport };

/** Where the engine mounts what its own pods read. */
export const POD_PATHS = {
  /** Directory of the stage token's Secret; the file is `token`. */
  tokenDirectory: '/var/run/wavetank',
  tokenFile: '/var/run/wavetank/token',
} as const;

/** Environment variables of our own pods. Their token is mounted as a file, never an environment variable. */
export const POD_ENV = {
  brokerUrl: 'BROKER_URL',
  tokenFile: 'BROKER_TOKEN_FILE',
  volume: 'VOLUME',
  maxOutputFiles: 'MAX_OUTPUT_FILES',
  maxOutputBytes: 'MAX_OUTPUT_BYTES',
  /** Embedded cluster: permitted traffic leaves by CONNECT over this Unix socket. */
  egressSocket: 'WAVETANK_EGRESS_SOCKET',
} as const;
