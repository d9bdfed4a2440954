import type { Stage } from '../api/names.ts';
import type { WorkFlowStatus } from '../api/workflow.ts';

/** What is to be done, each idempotent: "already exists" and "not found" are progress. */
export type Action =
  | { readonly do: 'addFinalizer' }
  | { readonly do: 'createToken'; readonly stage: 'configure' | 'publish' }
  | { readonly do: 'createVolume' }
  | { readonly do: 'createPod'; readonly stage: Stage; readonly node: string | undefined }
  /** Lowers `activeDeadlineSeconds`; 1 stops a running pod with its outputs, log and exit code kept. */
  | { readonly do: 'limitPod'; readonly uid: string; readonly seconds: number }
  /** Takes our finalizer off the compute pod. */
  | { readonly do: 'releasePod'; readonly uid: string }
  | { readonly do: 'deletePod'; readonly stage: Stage; readonly uid: string }
  | { readonly do: 'deleteVolume'; readonly uid: string }
  | { readonly do: 'deleteToken'; readonly stage: 'configure' | 'publish' }
  | { readonly do: 'deleteInputs' }
  | { readonly do: 'writeStatus'; readonly status: Partial<WorkFlowStatus> }
  | { readonly do: 'removeFinalizer' }
  | { readonly do: 'deleteWorkflow' };

/** Waves one after the other, the actions of a wave at once; at most one of all writes the status. */
export interface Plan {
  readonly waves: readonly (readonly Action[])[];
  /** When to look again though nothing changed; milliseconds since the epoch. */
  readonly lookAgainAt?: number;
}

export function wait(lookAgainAt?: number): Plan {
  return { waves: [], ...(lookAgainAt === undefined ? {} : { lookAgainAt }) };
}

export function steps(...waves: readonly (readonly Action[])[]): Plan {
  return { waves: waves.filter((wave) => wave.length > 0) };
}
