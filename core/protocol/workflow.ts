/**
 * Body of `POST /api/v1/operator/compute`: the classic workflow, with ours beside it (`jobId`, `files`, `networkAccess`, `maxDurationSeconds`).
 * One stage per workflow, as the classic stack has it.
 */
export interface WorkflowRequest {
  readonly workflow: { readonly stages: readonly [WorkflowStage] };
  /** `jobIdOf` of this request, so that the Provider can sign capabilities for the job before it exists. */
  readonly jobId: string;
  readonly agreementId: string;
  /** The consumer, as it was sent. */
  readonly owner: string;
  readonly providerAddress: string;
  readonly environment: string;
  /** Unix seconds until which the environment is paid; 0 when it is free of charge and without end. */
  readonly validUntil: number;
  readonly nonce: string;
  readonly chainId: number;
  /** Who asked, through all parts' logs and traces. */
  readonly requestId?: string;
}

export interface WorkflowStage {
  readonly index: 0;
  readonly input: readonly WorkflowInput[];
  readonly algorithm: WorkflowAlgorithm;
  readonly compute: {
    /** min(what the order pays, the service's timeout); the engine takes the minimum with the environment's limit. */
    readonly maxDurationSeconds: number;
    /** True only if every dataset's compute service says `allowNetworkAccess: true`. */
    readonly networkAccess: boolean;
  };
  readonly output: { readonly metadataUri: string };
}

export interface WorkflowInput {
  readonly index: number;
  /** DID. */
  readonly id: string;
  readonly serviceId: string;
  /** The DDO as the Provider checked it; lands at /data/ddos/<did suffix>. */
  readonly ddo: string;
  readonly userdata?: Readonly<Record<string, unknown>>;
  readonly files: readonly WorkflowFile[];
}

/** A file of the Provider that asks, or one that another Provider serves. */
export type WorkflowFile = GrantedFile | RemoteFile;

interface FileFacts {
  readonly index: number;
  /** SHA-256 hex; absent means that the bytes are recorded as unverified. */
  readonly checksum?: string;
  readonly contentLength?: number;
}

export interface GrantedFile extends FileFacts {
  /** Where the broker fetches the bytes: an address of the Provider's, never the file's own. */
  readonly url: string;
  /** `Authorization: Bearer` value for that address; good for this file, this job and a limited time. Secret. */
  readonly capability: string;
  readonly remote?: undefined;
}

/** The broker downloads it as any client would, as the consumer that the order names: the job's environment. */
export interface RemoteFile extends FileFacts {
  readonly url?: undefined;
  readonly capability?: undefined;
  readonly remote: RemoteOrder;
}

export interface RemoteOrder {
  /** Address of the Provider that serves the file; where it answers is the operator's to know. */
  readonly provider: string;
  readonly did: string;
  readonly serviceId: string;
  readonly transferTxId: string;
  readonly userdata?: Readonly<Record<string, unknown>>;
}

export interface WorkflowAlgorithm {
  /** DID, or '' for raw code. */
  readonly id: string;
  readonly serviceId?: string;
  readonly ddo?: string;
  readonly rawcode?: string;
  readonly container: AlgorithmContainer;
  readonly files: readonly WorkflowFile[];
  readonly userdata?: Readonly<Record<string, unknown>>;
  /** Becomes /data/inputs/algoCustomData.json. */
  readonly algocustomdata?: unknown;
}

export interface AlgorithmContainer {
  /** Shell command in which `$ALGO` stands for the algorithm's path. */
  readonly entrypoint: string;
  readonly image: string;
  readonly tag: string;
  /** `sha256:…` image digest. */
  readonly checksum: string;
}
