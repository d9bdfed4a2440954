import type { RunningResource } from '../core/resource.ts';
import type { Actors, LabServers } from './actors/actor.ts';
import type { AlgorithmContainerSection } from './actors/assets.ts';
import type { ClusterCapabilities } from './cluster/cluster.ts';
import type { Observer } from './observe/observer.ts';

/** Parts that can be killed and started again; their durable state survives, nothing else does. */
export type Component = 'provider' | 'operator-service' | 'engine' | 'broker';

/** Written to endpoints.json: outside users script against it. */
export interface Endpoints {
  readonly version: 1;
  readonly chainId: number;
  readonly rpcUrl: string;
  readonly addressFile: string;
  readonly accounts: readonly { readonly name: string; readonly address: string; readonly privateKey: string }[];
  readonly providers: readonly {
    readonly name: string;
    readonly url: string;
    readonly address: string;
    /** Of its own operator. */
    readonly operatorServiceUrl: string;
  }[];
  readonly metadataCacheUrl: string;
  readonly operatorServiceUrl: string;
  /** Path of the admin's kubeconfig. */
  readonly kubeconfig: string;
  readonly s3: {
    readonly endpoint: string;
    readonly accessKey: string;
    readonly secretKey: string;
    readonly region: string;
    readonly buckets: { readonly results: string; readonly adminLogs: string };
  };
  readonly standIns: readonly string[];
  /** Ways of the classic Provider that were switched on. */
  readonly quirks: readonly string[];
}

export interface StageTiming {
  readonly stage: string;
  /** From the start of the testbed. */
  readonly startedAtMs: number;
  readonly ms: number;
}

/** A whole ocean, running. */
export interface RunningTestbed extends RunningResource {
  readonly endpoints: Endpoints;
  /** Where `endpoints.json` lies while the testbed runs. */
  readonly endpointsFile: string;
  readonly capabilities: ClusterCapabilities;
  readonly actors: Actors;
  readonly servers: LabServers;
  readonly observe: Observer;
  /** Container images that algorithms can name. */
  readonly images: { readonly node: Omit<AlgorithmContainerSection, 'entrypoint'> };
  /** Ids of the compute environments. */
  readonly environments: { readonly free: string; readonly paid: string };
  readonly timings: readonly StageTiming[];
  /** Stand-ins for images and outside URLs that were used so far. */
  readonly standIns: readonly string[];
  readonly chain: {
    /** False on a chain of others: what waits for a time to pass is skipped there. */
    readonly timeIsMovable: boolean;
    /** Moves chain time on for every later block. Whole seconds. The services' own clock stays. */
    advanceTime(seconds: number): Promise<void>;
    mine(blocks?: number): Promise<void>;
    /** Seconds since the epoch, of the newest block. */
    now(): Promise<number>;
  };
  /** As a power cut would: its connections are cut at once and nothing is tidied up. */
  kill(component: Component): Promise<void>;
  /** A new instance over the same durable state, at the same address. Kills the old one first when it still runs. */
  restart(component: Component): Promise<void>;
}
