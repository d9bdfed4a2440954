import type { MachineDifference, MachineSnapshot } from '../accounting/machine.ts';
import type { CanaryListeners } from './canary-listeners.ts';

export interface ObservedPod {
  readonly name: string;
  readonly uid: string;
  readonly jobId: string | undefined;
  /** configure | compute | publish. */
  readonly stage: string | undefined;
  readonly phase: string;
  readonly deletedAt: string | undefined;
  /** It failed before anything foreign could run in it: the runtime could not start a container of the operator's, or the gate died. The engine may put another in its place. */
  readonly failedToStart: boolean;
  /** The object as the API server gave it last. */
  readonly object: Readonly<Record<string, unknown>>;
}

export interface StoredObject {
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
}

/** An HTTP answer that an actor outside got. */
export interface CapturedAnswer {
  /** `usLab GET /api/services/compute`. */
  readonly where: string;
  readonly status: number;
  readonly body: Uint8Array;
}

/** A server of this testbed. */
export interface ObservedServer {
  /** `provider`, `operator-service`, `broker`, `kubernetes-api`, `s3`, `chain`, `metadata-cache`, `files of EU lab` … */
  readonly name: string;
  /** `host:port` on this machine. */
  readonly address: string;
  /** The same server under the address that pods would have to use. */
  readonly addressFromPods: string;
  /**
   * Closed connections that brought no request: somebody who only knocked, or who does not speak the protocol.
   * Undefined for a server outside this process that tells nobody.
   */
  strayConnections(): number | undefined;
}

/** The omniscient side of a lab: sees what no product and no actor sees, and changes nothing. */
export interface Observer {
  /** Pods that exist now. */
  pods(): Promise<readonly ObservedPod[]>;
  /** Every pod that was ever created in this testbed (of very many, the latest 10,000), deleted ones included. Waits until all that happened so far is seen. */
  podsEverCreated(jobId?: string): Promise<readonly ObservedPod[]>;
  /** Objects of the jobs' namespace by kind: `{ pods: 0, persistentvolumeclaims: 0, secrets: 2, … }`. */
  clusterObjects(): Promise<Readonly<Record<string, readonly string[]>>>;
  /** Any list of the API server, by path: `/api/v1/pods`. */
  list(path: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  buckets(): Promise<readonly string[]>;
  objects(bucket: string, prefix?: string): Promise<readonly StoredObject[]>;
  readObject(bucket: string, key: string): Promise<Uint8Array>;
  /** The buckets in use: `BUCKET`, or `BUCKET/PREFIX` in one that others use too. `objects` and `readObject` take them as they are. */
  readonly bucketNames: { readonly results: string; readonly adminLogs: string };
  /** Stopped with the testbed at the latest. */
  startCanaryListeners(): Promise<CanaryListeners>;
  servers(): readonly ObservedServer[];
  /** Answers that actors got so far; the newest ones when there were very many. */
  capturedAnswers(): readonly CapturedAnswer[];
  /** Log lines of all parts so far. */
  logLines(): readonly string[];
  /** Lines of the trace so far, checks and figures included: what a report would show. */
  traceLines(): readonly string[];
  /** What the cluster's own components wrote, into a folder. Absent where a cluster has no more than its API shows. */
  exportClusterLogs?(folder: string): Promise<void>;
  machine(): Promise<MachineSnapshot>;
  machineDifference(before: MachineSnapshot, after: MachineSnapshot): MachineDifference;
}
