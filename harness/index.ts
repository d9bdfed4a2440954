/** The public face: what scenarios and programs outside may import. Everything else may change without notice. */
export { startTestbed } from './testbed.ts';
export type { TestbedConfig } from './config/testbed-config.ts';
export type { TestbedRuntime } from './testbed/runtime.ts';
export { defineScenario } from './scenario/define-scenario.ts';
export type { Scenario, ScenarioOptions, Story } from './scenario/define-scenario.ts';
export type { Step } from './scenario/run-scenario.ts';
export type { Answer, Checks, ExpectedRefusal, Refusal } from './scenario/checks.ts';
export type { Actor, Actors, LabServers } from './actors/actor.ts';
export { ASSET_STATE } from './actors/assets.ts';
export type {
  AlgorithmContainerSection,
  AssetState,
  FileEntry,
  FileInfo,
  NewAlgorithm,
  NewDataset,
  PublishedAsset,
  TrustEntry,
} from './actors/assets.ts';
export type { Publisher } from './actors/publisher.ts';
export type {
  Alteration,
  ComputeOrder,
  ComputeQuote,
  ComputeRequest,
  Consumer,
  DownloadedFile,
  EnvironmentOffer,
  FollowOptions,
  OrderQuote,
  RawAlgorithm,
  StartOptions,
} from './actors/consumer.ts';
export type { FileContent, FilesHost, HostedFile } from './actors/files-host.ts';
export type { Component, Endpoints, RunningTestbed, StageTiming } from './running-testbed.ts';
export type { CapturedAnswer, ObservedPod, ObservedServer, Observer, StoredObject } from './observe/observer.ts';
export type { CanaryHit, CanaryListeners } from './observe/canary-listeners.ts';
export type { MachineDifference, MachineSnapshot } from './accounting/machine.ts';
export type { Capability, CapabilityName, ClusterCapabilities, Enforcement } from './cluster/cluster.ts';
export { CAPABILITY_NAMES } from './cluster/cluster.ts';
export { createLeakDetector } from './leak-detector.ts';
export type { LeakCanary, LeakDetector, LeakFinding } from './leak-detector.ts';
export { JOB_STATUS } from '../core/protocol/job-status.ts';
export type { ComputeJob, JobResult } from '../core/protocol/job-status.ts';
export type { Ddo, TrustedAlgorithm } from '../core/protocol/ddo.ts';
export { containerSectionChecksum, filesChecksum } from '../core/protocol/checksums.ts';
export { sha256Hex } from '../core/protocol/hashing.ts';
export { WavetankError, isWavetankError } from '../core/errors.ts';
