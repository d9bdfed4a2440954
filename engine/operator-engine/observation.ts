import type { ComputeEnvironmentSpec, WorkFlow } from '../api/workflow.ts';
import type { Stage } from '../api/names.ts';
import type { PodView } from './pod-view.ts';

/** All that `plan` looks at. */
export interface Observation {
  readonly workflow: WorkFlow;
  /** Undefined when there is no such environment. */
  readonly environment: ComputeEnvironmentSpec | undefined;
  readonly pods: Readonly<Partial<Record<Stage, PodView>>>;
  readonly volume: VolumeView | undefined;
  /** The standing network policies are in place. */
  readonly hasPolicies: boolean;
  /** It is this job's turn: its environment has a free place and nobody was before it. */
  readonly isAdmitted: boolean;
  /** What the API server refused for good when this job's objects were created. */
  readonly refusal: Refusal | undefined;
  /** What isolation lacks although it is required: names of capabilities that no probe saw enforced. Empty: nothing. */
  readonly lacking: readonly string[];
  /** With a gate: whether an unrestricted pod reaches the targets now. True without a gate. */
  readonly isControlGreen: boolean;
  /** The canary saw this job's compute pod. */
  readonly isBreached: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface VolumeView {
  readonly uid: string;
  readonly phase: 'Pending' | 'Bound' | 'Lost';
  readonly isDeleting: boolean;
}

export interface Refusal {
  readonly of: 'volume' | 'token' | Stage;
  readonly reason: string;
  readonly message: string;
}
