import type { Clock } from '../../../../core/clock.ts';
import type { ApiAccess, ResourceRef, WatchEvent } from '../../../cluster/embedded/api-access.ts';
import type { KubeObject } from '../../../cluster/embedded/kube-object.ts';
import { LABELS, WORKFLOWS } from '../../../../engine/api/names.ts';
import type { Stage } from '../../../../engine/api/names.ts';
import type { WorkFlow, WorkFlowStatus } from '../../../../engine/api/workflow.ts';
import type { Pod, PodStatus } from '../../../../engine/kubernetes/pod-types.ts';

const core = (resource: string): ResourceRef => ({ group: '', version: 'v1', resource });
export const PODS = core('pods');
const NODES = core('nodes');
const STORAGE_CLASSES: ResourceRef = { group: 'storage.k8s.io', version: 'v1', resource: 'storageclasses' };

/** What becomes of a stage's pod. `hang` runs until its deadline or its deletion. */
export type Fate =
  | { readonly kind: 'succeed' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'exit'; readonly code: number; readonly reason?: string; readonly podReason?: string }
  | { readonly kind: 'gate'; readonly code: number; readonly podReason?: string }
  /** The runtime cannot start our container in the stage's first pods of a job; the ones after succeed. */
  | { readonly kind: 'startError'; readonly times: number }
  | { readonly kind: 'wait'; readonly reason: string; readonly message: string };

export interface Script {
  readonly configure?: Fate;
  readonly compute?: Fate;
  readonly publish?: Fate;
  readonly configureReport?: NonNullable<WorkFlowStatus['reports']>['configure'] | 'none';
  readonly publishReport?: NonNullable<WorkFlowStatus['reports']>['publish'] | 'none';
}

/** The kubelet's word for a container without a process. */
const NEVER = '1970-01-01T00:00:00Z';
const OK_CONFIGURE = { ok: true, files: [] };
const OK_PUBLISH = { ok: true, published: 1, refused: [] };
const RESULT = { index: 0, filename: 'out.txt', filesize: 3, type: 'output' as const, sha256: '00', key: 'k' };

/**
 * A node, its kubelet, the Job Broker's reports and the archive, as far as the engine sees them: pods live and die at once,
 * by a script. Everything goes through the API server's own rules.
 */
export class InstantKubelet {
  readonly #access: ApiAccess;
  readonly #clock: Clock;
  readonly #scriptOf: (workflow: WorkFlow) => Script;
  readonly #watches: { stop(): void }[] = [];
  /** uids of every compute pod that ever was, by job. */
  readonly computePods = new Map<string, Set<string>>();
  /** uids of compute pods whose algorithm really ran. */
  readonly ran = new Map<string, Set<string>>();
  /** How often our container could not be started, by job and stage. */
  readonly #startErrors = new Map<string, number>();
  /** Final records as the archive got them. */
  readonly archive = new Map<string, WorkFlow>();
  /** Phases in the order in which they were written. */
  readonly phases = new Map<string, string[]>();

  constructor(access: ApiAccess, clock: Clock, scriptOf: (workflow: WorkFlow) => Script) {
    this.#access = access;
    this.#clock = clock;
    this.#scriptOf = scriptOf;
    this.#registerNode();
    this.#watches.push(access.watch(PODS, (event) => this.#onPod(event)));
    this.#watches.push(access.watch(WORKFLOWS, (event) => this.#onWorkflow(event)));
  }

  stop(): void {
    for (const watch of this.#watches) watch.stop();
  }

  /** Lets the kubelet look at the time: pods past their deadline are killed. */
  tick(): void {
    for (const object of this.#access.list(PODS)) this.#enforceDeadline(object as unknown as Pod);
  }

  #registerNode(): void {
    const capacity = { cpu: '100000', memory: '100Ti', 'ephemeral-storage': '100Ti', pods: '100000' };
    const node = this.#access.create(NODES, undefined, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node-a' },
    });
    this.#access.updateStatus(NODES, { ...node, status: { capacity, allocatable: capacity } });
    this.#access.create(STORAGE_CLASSES, undefined, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'test',
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
    } as KubeObject);
  }

  #onPod(event: WatchEvent): void {
    if (event.type === 'DELETED') return;
    const pod = this.#current(event.object);
    if (pod === undefined) return;
    const stage = stageOf(pod);
    if (stage === 'compute') remember(this.computePods, jobOf(pod), pod.metadata.uid ?? '');
    const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (pod.metadata.deletionTimestamp !== undefined) return this.#terminate(pod, isOver);
    if (pod.spec.nodeName === undefined || isOver) return;
    if (pod.status?.startTime === undefined) this.#begin(pod, stage);
    else this.#enforceDeadline(pod);
  }

  #begin(pod: Pod, stage: Stage): void {
    const workflow = this.#workflowOf(pod);
    if (workflow === undefined) return;
    const script = this.#scriptOf(workflow);
    const fate = script[stage] ?? { kind: 'succeed' };
    const startTime = this.#time();
    if (fate.kind === 'wait') {
      const state = { waiting: { reason: fate.reason, message: fate.message } };
      return this.#setStatus(pod, { phase: 'Pending', startTime, containerStatuses: [container(pod, state)] });
    }
    if (fate.kind === 'gate') {
      const state = { terminated: { exitCode: fate.code, reason: 'Error' } };
      const initContainerStatuses = [{ ...container(pod, state), name: 'gate' }];
      const reason = fate.podReason === undefined ? {} : { reason: fate.podReason };
      return this.#setStatus(pod, {
        phase: 'Failed',
        ...reason,
        startTime,
        initContainerStatuses,
        containerStatuses: [],
      });
    }
    if (fate.kind === 'startError' && this.#failsToStart(pod, stage, fate.times)) {
      const terminated = { exitCode: 128, reason: 'StartError', message: 'unable to freeze', startedAt: NEVER };
      const failed = container(pod, { terminated });
      const statuses =
        stage === 'compute'
          ? { initContainerStatuses: [{ ...failed, name: 'gate' }], containerStatuses: [] }
          : { containerStatuses: [failed] };
      return this.#setStatus(pod, { phase: 'Failed', startTime, ...statuses });
    }
    const running = { running: { startedAt: startTime } };
    if (stage === 'compute') remember(this.ran, jobOf(pod), pod.metadata.uid ?? '');
    this.#setStatus(pod, { phase: 'Running', startTime, containerStatuses: [container(pod, running)] });
    if (fate.kind === 'hang') return;
    if (fate.kind === 'succeed' || fate.kind === 'startError') this.#report(workflow, stage, script);
    const code = fate.kind === 'exit' ? fate.code : 0;
    const extra = fate.kind === 'exit' ? fate : undefined;
    this.#finish(pod, code, extra?.reason ?? (code === 0 ? 'Completed' : 'Error'), extra?.podReason);
  }

  #failsToStart(pod: Pod, stage: Stage, times: number): boolean {
    const key = `${jobOf(pod)}/${stage}`;
    const before = this.#startErrors.get(key) ?? 0;
    this.#startErrors.set(key, before + 1);
    return before < times;
  }

  #enforceDeadline(pod: Pod): void {
    const { activeDeadlineSeconds } = pod.spec;
    const startedAt = Date.parse(pod.status?.startTime ?? '');
    if (activeDeadlineSeconds === undefined || pod.status?.phase !== 'Running') return;
    // A second is what the wire can say: a deadline of 1 means now.
    const isDue = activeDeadlineSeconds === 1 || this.#clock.now() - startedAt >= activeDeadlineSeconds * 1000;
    if (isDue) this.#finish(pod, 143, 'Error', 'DeadlineExceeded');
  }

  #terminate(pod: Pod, isOver: boolean): void {
    if (!isOver && pod.status?.startTime !== undefined) this.#finish(pod, 137, 'Error');
    const { namespace, name, uid } = pod.metadata;
    if (this.#current(pod as never) === undefined) return;
    this.#access.delete(PODS, namespace, name, { gracePeriodSeconds: 0, ...(uid ? { uid } : {}) });
  }

  #finish(pod: Pod, exitCode: number, reason: string, podReason?: string): void {
    const current = this.#current(pod as never);
    if (current === undefined) return;
    const startedAt = current.status?.containerStatuses?.[0]?.state?.running?.startedAt;
    const hasStarted = startedAt !== undefined;
    const terminated = {
      exitCode,
      reason: hasStarted ? reason : 'ContainerStatusUnknown',
      startedAt: startedAt ?? null,
      finishedAt: this.#time(),
    };
    this.#setStatus(current, {
      ...current.status,
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      ...(podReason === undefined ? {} : { reason: podReason }),
      containerStatuses: [container(current, { terminated })],
    });
  }

  #report(workflow: WorkFlow, stage: Stage, script: Script): void {
    if (stage === 'configure' && script.configureReport !== 'none') {
      this.#patchWorkflow(workflow, { reports: { configure: script.configureReport ?? OK_CONFIGURE } });
    }
    if (stage === 'publish' && script.publishReport !== 'none') {
      this.#patchWorkflow(workflow, { reports: { publish: script.publishReport ?? OK_PUBLISH }, results: [RESULT] });
    }
  }

  #onWorkflow({ type, object }: WatchEvent): void {
    const workflow = object as unknown as WorkFlow;
    const { jobId } = workflow.spec;
    if (type === 'DELETED') return;
    const phases = this.phases.get(jobId) ?? [];
    this.phases.set(jobId, phases);
    const phase = workflow.status?.phase;
    if (phase !== undefined && phases.at(-1) !== phase) phases.push(phase);
    if (workflow.status?.finishedAt === undefined || workflow.status.archived) return;
    this.archive.set(jobId, workflow);
    this.#patchWorkflow(workflow, { archived: true });
  }

  #patchWorkflow(workflow: WorkFlow, status: Partial<WorkFlowStatus>): void {
    const { namespace, name } = workflow.metadata;
    const fresh = find(this.#access, WORKFLOWS, namespace, name) as unknown as WorkFlow | undefined;
    if (fresh === undefined) return;
    const reports = { ...fresh.status?.reports, ...status.reports };
    const merged = { phase: 'warmingUp', ...fresh.status, ...status, ...(status.reports ? { reports } : {}) };
    this.#access.updateStatus(WORKFLOWS, { ...fresh, status: merged } as never);
  }

  #workflowOf(pod: Pod): WorkFlow | undefined {
    const name = pod.metadata.ownerReferences?.[0]?.name ?? '';
    return find(this.#access, WORKFLOWS, pod.metadata.namespace, name) as unknown as WorkFlow | undefined;
  }

  #current(object: KubeObject): Pod | undefined {
    const found = find(this.#access, PODS, object.metadata.namespace, object.metadata.name ?? '');
    return found?.metadata.uid === object.metadata.uid ? (found as unknown as Pod) : undefined;
  }

  #setStatus(pod: Pod, status: PodStatus): void {
    const current = this.#current(pod as never);
    if (current === undefined) return;
    this.#access.updateStatus(PODS, { ...current, status: { ...current.status, ...status } } as never);
  }

  #time(): string {
    return new Date(this.#clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  }
}

export function find(
  access: ApiAccess,
  resource: ResourceRef,
  namespace: string | undefined,
  name: string,
): KubeObject | undefined {
  try {
    return access.get(resource, namespace, name);
  } catch {
    // Not found: the only reason for which this API refuses to read.
    return undefined;
  }
}

function container(pod: Pod, state: object): NonNullable<PodStatus['containerStatuses']>[number] & object {
  const { name = '', image = '' } = pod.spec.containers[0] ?? {};
  return { name, image, imageID: `${image}@sha256:0`, ready: false, restartCount: 0, state };
}

function stageOf(pod: Pod): Stage {
  return pod.metadata.labels?.[LABELS.stage] as Stage;
}

function jobOf(pod: Pod): string {
  return pod.metadata.labels?.[LABELS.job] ?? '';
}

function remember(map: Map<string, Set<string>>, key: string, value: string): void {
  map.set(key, (map.get(key) ?? new Set()).add(value));
}
