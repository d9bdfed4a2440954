import { rm } from 'node:fs/promises';
import type { Timer } from '../../../../core/clock.ts';
import { isWavetankError, messageOf } from '../../../../core/errors.ts';
import { isKubeStatus } from '../kube-status.ts';
import type { PodSandbox } from '../launcher/launcher.ts';
import type { PodSurroundings } from './container-attempt.ts';
import { runContainerOnce, wireTime } from './container-attempt.ts';
import type { ObjectLookup } from './container-env.ts';
import { ContainerLog } from './container-log.ts';
import { pullImage } from './image-pull.ts';
import type { CatalogueImage } from './images.ts';
import type { NodeServices, OpenDoor } from './node-services.ts';
import type { ContainerRecord, PodRecord } from './pod-status.ts';
import { NEW_CONTAINER, phaseOf, restartDelayMs, shouldRestart } from './pod-status.ts';
import { PodStop } from './pod-stop.ts';
import type { Container, Pod } from './pod-types.ts';
import type { PodVolumes } from './pod-volumes.ts';
import { preparePodVolumes } from './pod-volumes.ts';
import { CONFIG_MAPS, SECRETS } from './resources.ts';
import { deleteFinally, endedRecord, writeStatus } from './status-writer.ts';
import { unsupportedFields } from './unsupported.ts';

const DEFAULT_GRACE_SECONDS = 30;
const RETRY_MS = 1000;

/** Carries one pod from its binding to this node to its end. One worker per uid. */
export class PodWorker {
  readonly #services: NodeServices;
  readonly #stop: PodStop;
  readonly #logs = new Map<string, ContainerLog>();
  readonly #previousLogs = new Map<string, ContainerLog>();
  #pod: Pod;
  #record: PodRecord;
  #deadline: Timer | undefined;
  #deadlineSeconds: number | undefined;
  /** The containers have ended for good: from now on a deadline counts for nothing. */
  #isThrough = false;
  #isOver = false;
  /** Settles when the pod's processes, volumes and namespaces are gone. */
  readonly done: Promise<void>;

  constructor(services: NodeServices, pod: Pod) {
    this.#services = services;
    this.#pod = pod;
    this.#stop = new PodStop(services.clock);
    this.#record = {
      init: new Map(),
      main: new Map(),
      hasSandbox: false,
      podIp: undefined,
      hostIp: services.node.hostIp,
      startTime: wireTime(services.clock.now()),
      verdict: undefined,
      isEnded: false,
    };
    this.done = this.#run();
  }

  get pod(): Pod {
    return this.#pod;
  }

  logOf(container: string, isPrevious: boolean): ContainerLog | undefined {
    return (isPrevious ? this.#previousLogs : this.#logs).get(container);
  }

  /** A newer version of the pod: a deadline that was patched, a deletion. */
  observe(pod: Pod): void {
    const isOfNewSpec = pod.metadata.generation !== this.#pod.metadata.generation;
    this.#pod = pod;
    if (pod.spec.activeDeadlineSeconds !== this.#deadlineSeconds) this.#armDeadline();
    if (isOfNewSpec && !this.#isOver) this.#publish();
    if (pod.metadata.deletionTimestamp === undefined) return;
    this.#noteKilling();
    this.#stop.request('deleted', (pod.metadata.deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000);
    if (this.#isOver) this.#finalDelete();
  }

  /** The object is gone, whoever removed it: nothing of it may live on. */
  vanish(): void {
    this.#stop.request('deleted', 0);
  }

  /** The node is going down. */
  async shutDown(): Promise<void> {
    this.#stop.request('shutdown', 0);
    await this.done;
    await Promise.all([...this.#logs.values(), ...this.#previousLogs.values()].map((log) => log.remove()));
    await rm(this.#logFolder, { recursive: true, force: true });
  }

  get #logFolder(): string {
    return `${this.#services.logDir}/${this.#pod.metadata.uid}`;
  }

  async #run(): Promise<void> {
    try {
      await this.#live();
    } catch (error) {
      if (this.#stop.cause === undefined) {
        this.#services.log.error('pod worker failed', { pod: this.#pod.metadata.name, error });
        if (!this.#hasOutcome())
          this.#record = { ...this.#record, verdict: { reason: 'KubeletError', message: messageOf(error) } };
      }
    }
    this.#endDeadline();
    this.#stop.release();
    this.#isOver = true;
    if (this.#stop.cause === 'shutdown') return;
    this.#endUnfinished();
    this.#publish();
    if (this.#pod.metadata.deletionTimestamp !== undefined) this.#finalDelete();
  }

  async #live(): Promise<void> {
    const { launcher, egress } = this.#services;
    const problems = unsupportedFields(this.#pod);
    if (problems.length > 0)
      return this.#refuse('Unsupported', `This node cannot run the pod as it asks: ${problems.join('; ')}`);
    this.#publish();
    this.#armDeadline();
    const metadata = this.#pod.metadata;
    const hostname = (this.#pod.spec.hostname ?? metadata.name ?? 'pod').slice(0, 63);
    // The images decide nothing about the sandbox: both are made at once.
    const sandbox = await launcher.createPodSandbox({ id: metadata.uid ?? '', hostname });
    let volumes: PodVolumes | undefined;
    let door: OpenDoor | undefined;
    try {
      this.#record = { ...this.#record, podIp: sandbox.ip };
      const context = { pod: this.#pod, node: this.#services.node, podIp: sandbox.ip, lookup: this.#lookup };
      volumes = await this.#untilMounted(sandbox, context);
      door = await egress?.open(this.#pod, sandbox);
      this.#record = { ...this.#record, hasSandbox: true };
      const around: PodSurroundings = {
        services: this.#services,
        pod: () => this.#pod,
        sandbox,
        volumes,
        door,
        context,
        stop: this.#stop,
      };
      await this.#runContainers(around);
    } catch (error) {
      if (isWavetankError(error, 'POLICY_UNSUPPORTED'))
        return this.#refuse('NetworkPolicyUnsupported', messageOf(error));
      throw error;
    } finally {
      this.#endDeadline();
      this.#record = { ...this.#record, hasSandbox: false };
      // The outcome is told before the cleaning: a waiting engine need not wait for it.
      if (this.#stop.cause !== 'shutdown') this.#publish();
      await door?.close();
      await sandbox.remove();
      await volumes?.remove();
    }
  }

  #refuse(reason: string, message: string): void {
    this.#services.api.recordEvent(this.#pod, 'Warning', reason, message, 'kubelet');
    this.#record = { ...this.#record, verdict: { reason, message } };
  }

  async #untilMounted(sandbox: PodSandbox, context: PodSurroundings['context']): Promise<PodVolumes> {
    const { launcher, provisioner, clock, api } = this.#services;
    for (;;) {
      try {
        return await preparePodVolumes(this.#pod, {
          launcher,
          provisioner,
          sandbox,
          context: { ...context, imageEnv: {} },
        });
      } catch (error) {
        if (!isWavetankError(error, 'MOUNT_FAILED')) throw error;
        api.recordEvent(this.#pod, 'Warning', 'FailedMount', messageOf(error), 'kubelet');
      }
      await clock.sleep(RETRY_MS, this.#stop.signal);
    }
  }

  async #runContainers(around: PodSurroundings): Promise<void> {
    for (const container of this.#pod.spec.initContainers ?? []) {
      const exitCode = await this.#runContainer(around, container, 'init');
      if (exitCode !== 0 || this.#stop.cause !== undefined) return;
    }
    await Promise.all(this.#pod.spec.containers.map((container) => this.#runContainer(around, container, 'main')));
  }

  /** Runs a container as often as the restart policy says; answers its last exit code. */
  async #runContainer(
    around: PodSurroundings,
    container: Container,
    kind: 'init' | 'main',
  ): Promise<number | undefined> {
    const { clock, api } = this.#services;
    const policy = this.#pod.spec.restartPolicy ?? 'Always';
    for (let attempt = 0; ; attempt++) {
      if (this.#stop.cause !== undefined) return undefined;
      const image = await this.#pull(container, kind);
      const exitCode = await this.#attempt(around, container, kind, image, attempt);
      if (this.#stop.cause !== undefined || !shouldRestart(policy, exitCode, kind === 'init')) return exitCode;
      const delayMs = restartDelayMs(attempt);
      if (delayMs > 0) {
        const who = `${container.name} in pod ${this.#pod.metadata.name}_${this.#pod.metadata.namespace}(${this.#pod.metadata.uid})`;
        api.recordEvent(this.#pod, 'Warning', 'BackOff', `Back-off restarting failed container ${who}`, 'kubelet');
        const message = `back-off ${delayMs / 1000}s restarting failed container=${container.name}`;
        const last = this.#recordOf(kind, container.name);
        this.#set(kind, container.name, {
          ...last,
          lastState: last.state,
          state: { waiting: { reason: 'CrashLoopBackOff', message } },
        });
        await clock.sleep(delayMs, this.#stop.signal);
      }
    }
  }

  async #attempt(
    around: PodSurroundings,
    container: Container,
    kind: 'init' | 'main',
    image: CatalogueImage,
    attempt: number,
  ): Promise<number> {
    const { clock, native, api } = this.#services;
    const { name } = container;
    const log = new ContainerLog(`${this.#logFolder}/${name}-${attempt}.log`, clock, native);
    this.#rotateLogs(name, log);
    const imageId = imageIdOf(container.image, image);
    for (;;) {
      try {
        const terminated = await runContainerOnce(around, {
          container,
          image,
          attempt,
          log,
          onCreated: () => api.recordEvent(this.#pod, 'Normal', 'Created', `Created container: ${name}`, 'kubelet'),
          onStarted: (containerId, startedAt) => {
            const last = this.#recordOf(kind, name);
            const lastState = last.state.terminated ? last.state : last.lastState;
            const restartCount = attempt;
            this.#set(kind, name, { state: { running: { startedAt } }, lastState, restartCount, imageId, containerId });
            api.recordEvent(this.#pod, 'Normal', 'Started', `Started container ${name}`, 'kubelet');
          },
        });
        const last = this.#recordOf(kind, name);
        const record = {
          ...last,
          imageId,
          containerId: terminated.containerID,
          restartCount: attempt,
          state: { terminated },
        };
        this.#set(kind, name, record, kind === 'init' || this.#isLast(name));
        return terminated.exitCode;
      } catch (error) {
        if (!isWavetankError(error, 'CREATE_CONTAINER_CONFIG')) throw error;
        const message = messageOf(error);
        this.#set(kind, name, {
          ...this.#recordOf(kind, name),
          state: { waiting: { reason: 'CreateContainerConfigError', message } },
        });
        api.recordEvent(this.#pod, 'Warning', 'Failed', `Error: ${message}`, 'kubelet');
      }
      await clock.sleep(RETRY_MS, this.#stop.signal);
    }
  }

  /** The last container of a pod that ends for good: its end and the pod's are one status. */
  #isLast(name: string): boolean {
    return this.#pod.spec.containers.every(
      (container) => container.name === name || this.#record.main.get(container.name)?.state.terminated,
    );
  }

  #pull(container: Container, kind: 'init' | 'main'): Promise<CatalogueImage> {
    return pullImage(this.#services, container.image, {
      pod: () => this.#pod,
      signal: this.#stop.signal,
      onWaiting: (waiting) =>
        this.#set(kind, container.name, { ...this.#recordOf(kind, container.name), state: { waiting } }),
    });
  }

  #rotateLogs(name: string, log: ContainerLog): void {
    const current = this.#logs.get(name);
    const previous = this.#previousLogs.get(name);
    if (current) this.#previousLogs.set(name, current);
    this.#logs.set(name, log);
    void previous?.remove();
  }

  readonly #lookup: ObjectLookup = (kind, name) => {
    try {
      return this.#services.api.get(kind === 'configmap' ? CONFIG_MAPS : SECRETS, this.#pod.metadata.namespace, name);
    } catch (error) {
      if (isKubeStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  };

  #endDeadline(): void {
    this.#isThrough = true;
    this.#deadline?.cancel();
  }

  #hasOutcome(): boolean {
    const phase = phaseOf(this.#pod, this.#record);
    return phase === 'Succeeded' || phase === 'Failed';
  }

  #armDeadline(): void {
    this.#deadline?.cancel();
    const seconds = this.#pod.spec.activeDeadlineSeconds;
    this.#deadlineSeconds = seconds;
    if (seconds === undefined || this.#isThrough) return;
    const { clock } = this.#services;
    const left = Date.parse(this.#record.startTime) + seconds * 1000 - clock.now();
    this.#deadline = clock.after(Math.max(0, left), () => {
      const message = 'Pod was active on the node longer than the specified deadline';
      this.#record = { ...this.#record, verdict: { reason: 'DeadlineExceeded', message } };
      this.#services.api.recordEvent(this.#pod, 'Normal', 'DeadlineExceeded', message, 'kubelet');
      this.#noteKilling();
      this.#stop.request('deadline', (this.#pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000);
    });
  }

  #noteKilling(): void {
    if (this.#stop.cause !== undefined) return;
    for (const [name, { state }] of [...this.#record.init, ...this.#record.main]) {
      if (state.running)
        this.#services.api.recordEvent(this.#pod, 'Normal', 'Killing', `Stopping container ${name}`, 'kubelet');
    }
  }

  /** Containers that never ran are ended for the record, so that the pod has a final phase. */
  #endUnfinished(): void {
    if (this.#stop.cause !== 'deleted' || this.#record.verdict) return;
    this.#record = endedRecord(this.#pod, this.#record, wireTime(this.#services.clock.now()));
  }

  #recordOf(kind: 'init' | 'main', name: string): ContainerRecord {
    return this.#record[kind].get(name) ?? NEW_CONTAINER;
  }

  #set(kind: 'init' | 'main', name: string, record: ContainerRecord, isQuiet = false): void {
    this.#record = { ...this.#record, [kind]: new Map(this.#record[kind]).set(name, record) };
    if (!isQuiet) this.#publish();
  }

  #publish(): void {
    this.#pod = writeStatus(this.#services, this.#pod, this.#record) ?? this.#pod;
  }

  #finalDelete(): void {
    deleteFinally(this.#services, this.#pod);
  }
}

/** As a container runtime names what it ran: repository and digest. */
export function imageIdOf(reference: string, image: CatalogueImage): string {
  const repository = reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  return `${repository}@${image.digest}`;
}
