import type { ComputeEnvironmentSpec, StageToken, WorkFlow } from '../../api/workflow.ts';
import { objectNames } from '../../api/names.ts';
import type { Secret, VolumeClaim } from '../../kubernetes/pod-types.ts';
import type { PodSettings } from '../settings.ts';
import { jobObjectMeta, mebibytes } from './pod-parts.ts';

/** One volume for all three pods; which of its directories a pod sees is the pod's matter. */
export function volumeClaimOf(
  workflow: WorkFlow,
  environment: ComputeEnvironmentSpec,
  settings: PodSettings,
): VolumeClaim {
  return {
    metadata: jobObjectMeta(workflow, objectNames.volume(workflow.spec.jobId)),
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(settings.storageClass === '' ? {} : { storageClassName: settings.storageClass }),
      resources: { requests: { storage: `${mebibytes(environment.diskGb)}Mi` } },
    },
  };
}

/** What a stage shows the broker. Its pod mounts `token` as a file; the rest tells the broker whose it is. */
export function stageTokenSecret(workflow: WorkFlow, token: StageToken): Secret {
  return {
    metadata: jobObjectMeta(workflow, objectNames.stageToken(token.jobId, token.stage), token.stage),
    type: 'Opaque',
    immutable: true,
    stringData: { token: token.token, stage: token.stage, jobId: token.jobId },
  };
}
