import type { ComputeEnvironmentSpec, WorkFlow } from '../../api/workflow.ts';
import { FINALIZERS, LABELS, objectNames } from '../../api/names.ts';
import type { Stage } from '../../api/names.ts';
import { POD_ENV, POD_PATHS } from '../../api/broker-http.ts';
import type { Container, Pod, PodSpec, VolumeMount } from '../../kubernetes/pod-types.ts';
import type { PodSettings } from '../settings.ts';
import { algorithmCommand } from './algorithm-command.ts';
import { gateContainer } from './gate-container.ts';
import * as parts from './pod-parts.ts';

export const COMPUTE_CONTAINER = 'algorithm';

export interface PodRequest {
  readonly workflow: WorkFlow;
  readonly environment: ComputeEnvironmentSpec;
  readonly settings: PodSettings;
  /** The node of an earlier pod of the job: where the volume is. */
  readonly node?: string | undefined;
}

/** The pod of a stage. Pure: the same job has the same pod, name included. */
export function podOf(stage: Stage, request: PodRequest): Pod {
  if (stage === 'compute') return computePod(request);
  return stage === 'configure' ? configurePod(request) : publishPod(request);
}

/** Handles data, never runs foreign code: the whole volume, writable, and a token for the broker. */
function configurePod(request: PodRequest): Pod {
  const data = { name: parts.DATA_VOLUME, mountPath: parts.DATA_PATH };
  return brokerPod('configure', request, [data]);
}

/** Sees outputs and the log only, and changes nothing. */
function publishPod(request: PodRequest): Pod {
  const { maxOutputFiles, maxOutputBytes } = request.settings;
  return brokerPod('publish', request, [subPath('outputs', true), subPath('logs', true)], {
    [POD_ENV.maxOutputFiles]: String(maxOutputFiles),
    [POD_ENV.maxOutputBytes]: String(maxOutputBytes),
  });
}

function brokerPod(
  stage: 'configure' | 'publish',
  request: PodRequest,
  mounts: VolumeMount[],
  env: Readonly<Record<string, string>> = {},
): Pod {
  const { workflow, settings, environment } = request;
  const { jobId } = workflow.spec;
  const container: Container = {
    name: stage,
    image: settings.podsImage,
    imagePullPolicy: settings.imagePullPolicy,
    command: [...settings.podsCommand(stage)],
    env: parts.envList({
      [POD_ENV.brokerUrl]: settings.brokerUrlForPods,
      [POD_ENV.tokenFile]: POD_PATHS.tokenFile,
      [POD_ENV.volume]: parts.DATA_PATH,
      ...env,
      HOME: '/tmp',
      // Said, it need not be searched for: a Node that finds no /etc/localtime compares every file of the zone database.
      TZ: 'UTC',
    }),
    resources: parts.jobResources(environment, settings),
    securityContext: parts.containerSecurity(settings),
    volumeMounts: [...mounts, { name: 'token', mountPath: POD_PATHS.tokenDirectory, readOnly: true }, parts.TMP_MOUNT],
  };
  const secret = {
    secretName: objectNames.stageToken(jobId, stage),
    defaultMode: 0o440,
    items: [{ key: 'token', path: 'token' }],
  };
  return pod(stage, request, {
    ...parts.podBase(settings),
    containers: [container],
    volumes: [claim(jobId), { name: 'token', secret }, parts.tmpVolume(settings)],
  });
}

/** Runs foreign code: no token, inputs and code read-only, outputs and its log writable, and nobody to talk to. */
function computePod(request: PodRequest): Pod {
  const { workflow, settings, environment } = request;
  const { jobId, algorithm, networkAccess } = workflow.spec;
  const container: Container = {
    name: COMPUTE_CONTAINER,
    image: algorithm.image,
    imagePullPolicy: settings.imagePullPolicy,
    command: algorithmCommand(algorithm.entrypoint, settings.logCapBytes),
    workingDir: '/tmp',
    env: parts.envList(algorithmEnvironment(workflow)),
    resources: parts.jobResources(environment, settings),
    securityContext: parts.containerSecurity(settings),
    volumeMounts: [
      subPath('inputs', true),
      subPath('ddos', true),
      subPath('transformations', true),
      subPath('outputs', false),
      subPath('logs', false),
      parts.TMP_MOUNT,
    ],
  };
  const made = pod('compute', request, {
    ...parts.podBase(settings),
    ...gateContainers(request),
    containers: [container],
    volumes: [claim(jobId), parts.tmpVolume(settings)],
  });
  made.metadata.finalizers = [FINALIZERS.outcome];
  if (networkAccess) made.metadata.labels = { ...made.metadata.labels, [LABELS.network]: 'allowed' };
  return made;
}

/** What classic algorithms read, by its classic names. There is no `secret`: the classic one had no use but to leak. */
export function algorithmEnvironment(workflow: WorkFlow): Record<string, string> {
  const suffix = (did: string): string => did.replace(/^did:op:/, '');
  const { inputs, algorithm } = workflow.spec;
  return {
    DIDS: JSON.stringify(inputs.map((input) => suffix(input.did))),
    TRANSFORMATION_DID: suffix(algorithm.did),
    VOLUME: parts.DATA_PATH,
    LOGS: `${parts.DATA_PATH}/logs`,
    INPUTS: `${parts.DATA_PATH}/inputs`,
    OUTPUTS: `${parts.DATA_PATH}/outputs`,
    HOME: '/tmp',
  };
}

function gateContainers({ settings, workflow }: PodRequest): Pick<PodSpec, 'initContainers'> {
  const { gate } = settings;
  return gate.mode === 'none' ? {} : { initContainers: [gateContainer(settings, gate, workflow.metadata.uid)] };
}

function pod(stage: Stage, request: PodRequest, spec: PodSpec): Pod {
  const { workflow, node } = request;
  return {
    metadata: parts.jobObjectMeta(workflow, objectNames.pod(workflow.spec.jobId, stage), stage),
    spec: { ...spec, ...(node === undefined ? {} : { affinity: onNode(node) }) },
  };
}

/** By affinity and not by `nodeName`, which would pass the scheduler by: a full node would refuse the pod for good. */
function onNode(node: string): object {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }];
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } } };
}

function claim(jobId: string): { name: string; persistentVolumeClaim: { claimName: string } } {
  return { name: parts.DATA_VOLUME, persistentVolumeClaim: { claimName: objectNames.volume(jobId) } };
}

function subPath(name: string, readOnly: boolean): VolumeMount {
  return { name: parts.DATA_VOLUME, mountPath: `${parts.DATA_PATH}/${name}`, subPath: name, readOnly };
}
