import type { ComputeEnvironmentSpec, WorkFlow } from '../../api/workflow.ts';
import { API_VERSION, LABELS, MANAGED_BY, WORKFLOWS } from '../../api/names.ts';
import type { Stage } from '../../api/names.ts';
import type { ObjectMeta } from '../../kubernetes/objects.ts';
import type { Container, PodSpec } from '../../kubernetes/pod-types.ts';
import { sha256Hex } from '../../../core/protocol/hashing.ts';
import type { PodSettings } from '../settings.ts';

/** Name of the one volume of a job in its pods. */
export const DATA_VOLUME = 'data';
export const DATA_PATH = '/data';

/** Labels of everything that belongs to a job. */
export function jobLabels(workflow: WorkFlow): Record<string, string> {
  const { jobId, owner, provider, environment } = workflow.spec;
  return {
    [LABELS.managedBy]: MANAGED_BY,
    [LABELS.job]: jobId,
    [LABELS.owner]: sha256Hex(owner.toLowerCase()).slice(0, 40),
    [LABELS.provider]: provider.toLowerCase().replace(/^0x/, ''),
    [LABELS.environment]: environment,
  };
}

/** Metadata of an object of the job: ours to find by label, the cluster's to collect when the WorkFlow is gone. */
export function jobObjectMeta(workflow: WorkFlow, name: string, stage?: Stage): ObjectMeta {
  const { namespace, name: ownerName, uid = '' } = workflow.metadata;
  return {
    name,
    namespace,
    labels: { ...jobLabels(workflow), ...(stage === undefined ? {} : { [LABELS.stage]: stage }) },
    ownerReferences: [
      {
        apiVersion: API_VERSION,
        kind: WORKFLOWS.kind,
        name: ownerName,
        uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
}

/** What all three pods share, so that none of them can do more than its stage needs. */
export function podBase(settings: PodSettings): Omit<PodSpec, 'containers'> {
  const { uid, gid } = settings.podUser;
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: settings.terminationGraceSeconds,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(settings.ownUserNamespace ? { hostUsers: false } : {}),
    ...(settings.nodeSelector ? { nodeSelector: { ...settings.nodeSelector } } : {}),
    ...(settings.imagePullSecrets ? { imagePullSecrets: settings.imagePullSecrets.map((name) => ({ name })) } : {}),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: uid,
      runAsGroup: gid,
      fsGroup: gid,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
}

export function containerSecurity(settings: Pick<PodSettings, 'podUser'>): Record<string, unknown> {
  const { uid, gid } = settings.podUser;
  return {
    runAsNonRoot: true,
    runAsUser: uid,
    runAsGroup: gid,
    privileged: false,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/**
 * Compute's own needs from the first pod on: a volume that binds where the first pod lands must lie where compute fits too.
 * Requests equal limits, so that nobody is evicted for what another job does; processor time alone may be promised more than once.
 */
export function jobResources(
  environment: ComputeEnvironmentSpec,
  { cpuOvercommit }: Pick<PodSettings, 'cpuOvercommit'>,
): NonNullable<Container['resources']> {
  const amounts: Record<string, string> = {
    cpu: String(environment.cpuNumber),
    memory: `${mebibytes(environment.ramGb)}Mi`,
    'ephemeral-storage': '1Gi',
    ...(environment.gpuNumber > 0 ? { [gpuResource(environment.gpuType)]: String(environment.gpuNumber) } : {}),
  };
  return { requests: { ...amounts, cpu: cpuRequest(environment.cpuNumber, cpuOvercommit) }, limits: { ...amounts } };
}

/** Whole thousandths, at least one: the API refuses finer ones. */
function cpuRequest(cpuNumber: number, cpuOvercommit: number): string {
  return cpuOvercommit === 1 ? String(cpuNumber) : `${Math.max(1, Math.floor((cpuNumber * 1000) / cpuOvercommit))}m`;
}

/** A GPU type that names a device plugin's resource is taken as it is. */
function gpuResource(gpuType: string): string {
  return gpuType.includes('/') ? gpuType : 'nvidia.com/gpu';
}

export function mebibytes(gigabytes: number): number {
  return Math.max(1, Math.round(gigabytes * 1024));
}

export const TMP_MOUNT = { name: 'tmp', mountPath: '/tmp' } as const;

export function tmpVolume(settings: PodSettings): { name: string; emptyDir: { sizeLimit: string } } {
  return { name: TMP_MOUNT.name, emptyDir: { sizeLimit: settings.tmpSize } };
}

export function envList(values: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}
