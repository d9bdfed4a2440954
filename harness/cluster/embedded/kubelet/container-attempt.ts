import { randomHex } from '../../../../core/entropy.ts';
import { isWavetankError, messageOf } from '../../../../core/errors.ts';
import type { ContainerMount, ContainerSpec, MessageFile, PodSandbox } from '../launcher/launcher.ts';
import type { EnvContext } from './container-env.ts';
import { containerEnv, expand } from './container-env.ts';
import type { ContainerLog } from './container-log.ts';
import type { CatalogueImage } from './images.ts';
import type { NodeServices, OpenDoor } from './node-services.ts';
import type { PodStop } from './pod-stop.ts';
import type { Container, Pod, TerminatedState } from './pod-types.ts';
import type { PodVolumes } from './pod-volumes.ts';
import { parseQuantity } from './quantity.ts';
import { containerUser, etcFiles } from './security.ts';

/** What every container of a pod is started with. */
export interface PodSurroundings {
  readonly services: NodeServices;
  readonly pod: () => Pod;
  readonly sandbox: PodSandbox;
  readonly volumes: PodVolumes;
  readonly door: OpenDoor | undefined;
  readonly context: Omit<EnvContext, 'imageEnv'>;
  readonly stop: PodStop;
}

export interface Attempt {
  readonly container: Container;
  readonly image: CatalogueImage;
  readonly attempt: number;
  readonly log: ContainerLog;
  onCreated(containerId: string): void;
  onStarted(containerId: string, startedAt: string): void;
}

const DEFAULT_SCRATCH_BYTES = 1024 ** 3;
const NEVER = new Date(0).toISOString().replace('.000', '');

/**
 * Runs a container once, from its spec to its exit.
 * @throws WavetankError CREATE_CONTAINER_CONFIG when it cannot even be described.
 */
export async function runContainerOnce(around: PodSurroundings, attempt: Attempt): Promise<TerminatedState> {
  const { services, stop } = around;
  const { container, log } = attempt;
  const { spec, message } = describe(around, attempt);
  const containerID = `wavetank://${randomHex(services.entropy, 32)}`;
  attempt.onCreated(containerID);
  const timestamp = (): string => wireTime(services.clock.now());
  let running;
  try {
    running = await around.sandbox.startContainer(spec);
  } catch (error) {
    if (!isWavetankError(error, 'CONTAINER_CANNOT_RUN')) throw error;
    const why = `failed to create containerd task: failed to create shim task: OCI runtime create failed: ${messageOf(error)}`;
    services.api.recordEvent(around.pod(), 'Warning', 'Failed', `Error: ${why}`, 'kubelet');
    return {
      exitCode: 128,
      reason: 'StartError',
      message: why,
      startedAt: NEVER,
      finishedAt: timestamp(),
      containerID,
    };
  }
  const startedAt = timestamp();
  stop.track(running);
  attempt.onStarted(containerID, startedAt);
  const logged = Promise.all([log.consume('stdout', running.stdout), log.consume('stderr', running.stderr)]);
  const exit = await running.exited;
  const finishedAt = timestamp();
  await logged;
  await log.end();
  const text = await terminationMessage(container, message, log, exit.code);
  const reason = exit.oomKilled ? 'OOMKilled' : exit.code === 0 ? 'Completed' : 'Error';
  return {
    exitCode: exit.code,
    ...(exit.signal === 0 ? {} : { signal: exit.signal }),
    reason,
    ...(text === '' ? {} : { message: text }),
    startedAt,
    finishedAt,
    containerID,
  };
}

function describe(around: PodSurroundings, attempt: Attempt): { spec: ContainerSpec; message: MessageFile } {
  const { services, sandbox, door } = around;
  const { container, image } = attempt;
  const pod = around.pod();
  const user = containerUser(pod, container, image);
  const hostname = pod.spec.hostname ?? pod.metadata.name ?? 'pod';
  const env = { ...containerEnv(container, { ...around.context, pod, imageEnv: image.env }), ...door?.env };
  const expandAll = (words: readonly string[] | undefined): string[] => (words ?? []).map((word) => expand(word, env));
  const command = container.command?.length ? expandAll(container.command) : [...image.entrypoint];
  const args = container.args?.length ? expandAll(container.args) : container.command?.length ? [] : [...image.cmd];
  const limits = container.resources?.limits ?? {};
  const amount = (name: string): number | undefined =>
    limits[name] === undefined ? undefined : parseQuantity(limits[name]);
  const cpu = amount('cpu');
  const message = sandbox.createMessageFile(`${container.name}-${attempt.attempt}`, user.uid, user.gid);
  const messageMount: ContainerMount = {
    source: message.path,
    target: container.terminationMessagePath ?? '/dev/termination-log',
    readOnly: false,
    isFile: true,
  };
  const memory = amount('memory');
  const spec: ContainerSpec = {
    id: `${container.name}-${attempt.attempt}`,
    argv: [...command, ...args],
    env,
    workingDir: container.workingDir ?? image.workingDir,
    ...user,
    image: image.root,
    readOnlyRoot: container.securityContext?.readOnlyRootFilesystem === true,
    noNewPrivileges: container.securityContext?.allowPrivilegeEscalation === false,
    etc: etcFiles(user, hostname, sandbox.ip),
    mounts: [...around.volumes.mountsOf(container), ...(door?.mounts ?? []), messageMount],
    limits: {
      memoryBytes: memory === undefined ? undefined : Math.ceil(memory),
      cpuMillis: cpu === undefined ? undefined : Math.ceil(cpu * 1000),
      pids: services.pidsLimit,
      openFiles: services.openFiles,
      scratchBytes: Math.ceil(amount('ephemeral-storage') ?? DEFAULT_SCRATCH_BYTES),
    },
  };
  return { spec, message };
}

const MESSAGE_LINES = 80;
const MESSAGE_BYTES = 2048;

async function terminationMessage(
  container: Container,
  file: MessageFile,
  log: ContainerLog,
  exitCode: number,
): Promise<string> {
  const written = file.read();
  if (written !== '' || exitCode === 0 || container.terminationMessagePolicy !== 'FallbackToLogsOnError')
    return written;
  return log.tail(MESSAGE_LINES, MESSAGE_BYTES);
}

/** Kubernetes' times have whole seconds. */
export function wireTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
