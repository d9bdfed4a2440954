import { FINALIZERS } from '../../api/names.ts';
import type { Stage } from '../../api/names.ts';
import type { ComputeEnvironmentSpec, WorkFlow, WorkFlowStatus } from '../../api/workflow.ts';
import type { Action, Plan } from '../actions.ts';
import type { Observation } from '../observation.ts';
import { planWorkflow } from '../plan.ts';
import type { PodEnd, PodView } from '../pod-view.ts';
import { DEFAULT_DEADLINES } from '../settings.ts';

export const MODEL_ENVIRONMENT: ComputeEnvironmentSpec = {
  description: '',
  cpuNumber: 1,
  cpuType: '',
  gpuNumber: 0,
  gpuType: '',
  ramGb: 1,
  diskGb: 1,
  priceMin: 0,
  maxJobs: 1,
  maxJobDurationSeconds: 600,
  storageExpirySeconds: 0,
  consumerAddress: '0x0',
  allowedChainIds: [],
  isolation: 'best-effort',
};

export const SETTINGS = { deadlines: DEFAULT_DEADLINES, retentionSeconds: 60 };

/** Something that happens to a job from outside the engine. */
export type Happening =
  | { readonly kind: 'time'; readonly seconds: number }
  | { readonly kind: 'stop' }
  | { readonly kind: 'deleteWorkflow' }
  | { readonly kind: 'archive' }
  /** Every pod comes one step further, as in a healthy cluster. */
  | { readonly kind: 'settle' }
  | { readonly kind: 'loseReport' }
  | {
      /** `linger`: it has reported, and does not end by itself. `failStart`: the runtime cannot start our container, or the gate fails. */
      readonly kind:
        | 'linger'
        | 'start'
        | 'failStart'
        | 'end'
        | 'fail'
        | 'lose'
        | 'evict'
        | 'delete'
        | 'stick'
        | 'vanish';
      readonly stage: Stage;
    }
  /** The engine dies after so many actions of its next plan. */
  | { readonly kind: 'crash'; readonly after: number };

interface Mutable<T> {
  current: T;
}

/** A cluster with one job in it, as far as `plan` sees one: actions change it, happenings too. */
export class ModelWorld {
  now = Date.parse('2026-01-01T00:00:00Z');
  pods: Partial<Record<Stage, PodView>> = {};
  volume: Observation['volume'];
  isGone = false;
  isControlGreen = true;
  isBreached = false;
  reportsLost = false;
  /** uids of compute pods ever made, and of those whose algorithm ran. */
  readonly made: string[] = [];
  readonly ran: string[] = [];
  /** uids of compute pods whose gate failed. */
  readonly unstarted: string[] = [];
  readonly phases: string[] = [];
  /** A compute pod was made while pod-configure could still write. */
  hasOverlapped = false;
  readonly #lingering = new Set<string>();
  readonly #workflow: Mutable<WorkFlow>;
  #uids = 0;

  constructor(workflow: WorkFlow) {
    this.#workflow = { current: workflow };
  }

  get workflow(): WorkFlow {
    return this.#workflow.current;
  }

  observation(): Observation {
    return {
      workflow: this.workflow,
      environment: MODEL_ENVIRONMENT,
      pods: this.pods,
      volume: this.volume,
      hasPolicies: true,
      isAdmitted: true,
      refusal: undefined,
      lacking: [],
      isControlGreen: this.isControlGreen,
      isBreached: this.isBreached,
      now: this.now,
    };
  }

  /** Plans once and applies at most `budget` actions; returns the plan. */
  step(budget = Infinity): Plan {
    const plan = planWorkflow(this.observation(), SETTINGS);
    for (const action of plan.waves.flat().slice(0, budget)) this.#apply(action);
    return plan;
  }

  happen(event: Happening): void {
    if (this.isGone) return;
    if (event.kind === 'time') this.now += event.seconds * 1000;
    else if (event.kind === 'crash') this.step(event.after);
    else if (event.kind === 'stop') this.#patch({ spec: { ...this.workflow.spec, stopRequested: true } });
    else if (event.kind === 'archive') this.#archive();
    else if (event.kind === 'settle') this.settle();
    else if (event.kind === 'loseReport') this.reportsLost = true;
    else if (event.kind === 'deleteWorkflow') this.#deleteWorkflow();
    else this.#podHappens(event.kind, event.stage);
  }

  /** What a healthy cluster does by itself, until nothing changes. */
  settle(): void {
    for (const stage of ['configure', 'compute', 'publish'] as const) {
      const pod = this.pods[stage];
      if (pod === undefined) continue;
      if (pod.deletingSince !== undefined) this.#terminate(stage, pod);
      else if (pod.state === 'waiting') this.#podHappens('start', stage);
      else if (pod.state === 'running' && !this.#lingering.has(pod.uid)) this.#podHappens('end', stage);
    }
    this.#archive();
  }

  /** The pod fails, in this very way. */
  end(stage: Stage, how: Partial<PodEnd>): void {
    const pod = this.pods[stage];
    if (pod === undefined) throw new Error(`There is no pod-${stage}.`);
    const failed = this.#ended(pod, false, how.reason ?? 'Error');
    this.pods[stage] = { ...failed, end: failed.end && { ...failed.end, ...how } };
  }

  #podHappens(kind: string, stage: Stage): void {
    const pod = this.pods[stage];
    if (pod === undefined) return;
    // Removed by force, finalizer and all. Before its uid is recorded nobody could tell it from one that never was.
    if (kind === 'vanish') {
      if (stage !== 'compute' || this.workflow.status?.computePod !== undefined) delete this.pods[stage];
      return;
    }
    const startedAt = new Date(this.now).toISOString();
    if (kind === 'start' && pod.state === 'waiting' && pod.deletingSince === undefined) {
      if (stage === 'compute') this.ran.push(pod.uid);
      this.pods[stage] = {
        ...pod,
        state: 'running',
        waiting: undefined,
        node: 'n',
        startedAt,
        kubeletStartedAt: this.now,
      };
    } else if (kind === 'failStart' && pod.state === 'waiting' && pod.deletingSince === undefined) {
      if (stage === 'compute') this.unstarted.push(pod.uid);
      if (stage === 'compute') this.end(stage, { reason: 'StartError', startError: 'init', gateExitCode: 128 });
      else this.end(stage, { reason: 'StartError', startError: 'main' });
    } else if (kind === 'stick' && pod.state === 'waiting') {
      this.pods[stage] = {
        ...pod,
        waiting: { kind: 'image', reason: 'ImagePullBackOff', message: '', isHopeless: false },
      };
    } else if (kind === 'linger' && pod.state === 'running' && stage !== 'compute' && !this.reportsLost) {
      this.#report(stage);
      this.#lingering.add(pod.uid);
    } else if (kind === 'delete' && pod.deletingSince === undefined) {
      this.pods[stage] = { ...pod, deletingSince: this.now };
    } else if (kind === 'lose' && pod.state === 'running') {
      // A kubelet that finds no container makes up an end of one that never started.
      const unseen = { ...pod, startedAt: undefined };
      this.pods[stage] = this.#ended(unseen, false, 'ContainerStatusUnknown');
    } else if (pod.state === 'running' && ['end', 'fail', 'evict'].includes(kind)) {
      if (kind === 'end') this.#report(stage);
      const reason = kind === 'evict' ? 'Evicted' : kind === 'end' ? 'Completed' : 'Error';
      this.pods[stage] = this.#ended(pod, kind === 'end', reason);
    }
  }

  #ended(pod: PodView, isSuccess: boolean, reason: string): PodView {
    const end: PodEnd = {
      isSuccess,
      hasStarted: pod.startedAt !== undefined,
      exitCode: isSuccess ? 0 : 1,
      signal: undefined,
      isOomKilled: false,
      reason,
      message: '',
      startedAt: pod.startedAt,
      finishedAt: new Date(this.now).toISOString(),
      gateExitCode: undefined,
      startError: undefined,
    };
    return { ...pod, state: 'ended', waiting: undefined, end };
  }

  #terminate(stage: Stage, pod: PodView): void {
    if (pod.state !== 'ended') this.pods[stage] = this.#ended(pod, false, 'Error');
    if (!pod.isHeld) delete this.pods[stage];
  }

  #report(stage: Stage): void {
    if (this.reportsLost) return;
    const reports = this.workflow.status?.reports;
    if (stage === 'configure') this.#status({ reports: { ...reports, configure: { ok: true, files: [] } } });
    if (stage === 'publish')
      this.#status({ reports: { ...reports, publish: { ok: true, published: 0, refused: [] } } });
  }

  #archive(): void {
    if (this.workflow.status?.finishedAt !== undefined) this.#status({ archived: true });
  }

  #deleteWorkflow(): void {
    const { metadata } = this.workflow;
    if (!metadata.finalizers?.length) this.isGone = true;
    else
      this.#patch({
        metadata: { ...metadata, deletionTimestamp: metadata.deletionTimestamp ?? new Date(this.now).toISOString() },
      });
  }

  #apply(action: Action): void {
    if (this.isGone) return;
    switch (action.do) {
      case 'createPod':
        return this.#createPod(action.stage);
      case 'createVolume':
        this.volume ??= { uid: 'v', phase: 'Bound', isDeleting: false };
        return;
      case 'limitPod': {
        const pod = this.pods.compute;
        if (pod?.state === 'running' && action.seconds === 1)
          this.pods.compute = this.#ended(pod, false, 'DeadlineExceeded');
        else if (pod !== undefined) this.pods.compute = { ...pod, activeDeadlineSeconds: action.seconds };
        return;
      }
      case 'releasePod':
        if (this.pods.compute?.uid === action.uid) this.pods.compute = { ...this.pods.compute, isHeld: false };
        return;
      case 'deletePod':
        return this.#podHappens('delete', action.stage);
      case 'deleteVolume':
        this.volume = undefined;
        return;
      case 'writeStatus':
        return this.#status(action.status);
      case 'addFinalizer':
        return this.#patch({ metadata: { ...this.workflow.metadata, finalizers: [FINALIZERS.job] } });
      case 'removeFinalizer':
        this.isGone = true;
        return;
      case 'deleteWorkflow':
        return this.#deleteWorkflow();
      case 'createToken':
      case 'deleteToken':
      case 'deleteInputs':
        return;
    }
  }

  #createPod(stage: Stage): void {
    if (this.pods[stage] !== undefined) return;
    const uid = `${stage}-${this.#uids++}`;
    if (stage === 'compute') {
      this.made.push(uid);
      this.hasOverlapped ||= this.pods.configure?.state === 'running';
    }
    this.pods[stage] = {
      uid,
      node: undefined,
      createdAt: this.now,
      deletingSince: undefined,
      isHeld: stage === 'compute',
      activeDeadlineSeconds: undefined,
      kubeletStartedAt: undefined,
      ip: undefined,
      gateGreeting: undefined,
      imageId: undefined,
      startedAt: undefined,
      state: 'waiting',
      waiting: { kind: 'start', reason: 'ContainerCreating', message: '', isHopeless: false },
      end: undefined,
    };
  }

  #status(status: Partial<WorkFlowStatus>): void {
    const merged = { phase: 'warmingUp' as const, ...this.workflow.status, ...status };
    if (this.phases.at(-1) !== merged.phase) this.phases.push(merged.phase);
    this.#patch({ status: merged });
  }

  #patch(part: Partial<WorkFlow>): void {
    this.#workflow.current = { ...this.workflow, ...part };
  }
}
