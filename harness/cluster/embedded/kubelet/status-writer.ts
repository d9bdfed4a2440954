import type { KubeObject } from '../kube-object.ts';
import { isKubeStatus } from '../kube-status.ts';
import { wireTime } from './container-attempt.ts';
import type { NodeServices } from './node-services.ts';
import type { PodRecord } from './pod-status.ts';
import { NEW_CONTAINER, phaseOf, podStatus } from './pod-status.ts';
import type { Pod } from './pod-types.ts';
import { PODS } from './resources.ts';

const STATUS_TRIES = 5;

/** Writes what the record means, unless that is known already. Answers the pod as it is then, undefined when it is gone. */
export function writeStatus(services: NodeServices, pod: Pod, record: PodRecord): Pod | undefined {
  const { api, clock } = services;
  const { namespace, name = '', uid } = pod.metadata;
  for (let tries = 0; tries < STATUS_TRIES; tries++) {
    try {
      const current = api.get(PODS, namespace, name) as Pod;
      if (current.metadata.uid !== uid) return undefined;
      const status = podStatus(current, record, current.status, wireTime(clock.now()));
      if (JSON.stringify(status) === JSON.stringify(current.status)) return current;
      return api.updateStatus(PODS, { ...current, status } as KubeObject) as Pod;
    } catch (error) {
      if (isKubeStatus(error, 'NotFound')) return undefined;
      if (!isKubeStatus(error, 'Conflict')) throw error;
    }
  }
  return undefined;
}

/** The kubelet's word that nothing of the pod is left: the object goes, unless finalizers hold it. */
export function deleteFinally(services: NodeServices, pod: Pod): void {
  const { namespace, name = '', uid } = pod.metadata;
  try {
    services.api.delete(PODS, namespace, name, { gracePeriodSeconds: 0, ...(uid === undefined ? {} : { uid }) });
  } catch (error) {
    if (!isKubeStatus(error, 'NotFound') && !isKubeStatus(error, 'Conflict')) throw error;
  }
}

/** Pure: the record of a deleted pod in which every container has an end. */
export function endedRecord(pod: Pod, record: PodRecord, now: string): PodRecord {
  const phase = phaseOf(pod, record);
  if (phase === 'Succeeded' || phase === 'Failed') return record;
  const main = new Map(record.main);
  for (const { name } of pod.spec.containers) {
    const known = main.get(name) ?? NEW_CONTAINER;
    if (known.state.terminated) continue;
    const message = 'The container could not be located when the pod was terminated';
    const end = { exitCode: 137, reason: 'ContainerStatusUnknown', message, startedAt: now, finishedAt: now };
    main.set(name, { ...known, state: { terminated: { ...end, containerID: known.containerId ?? '' } } });
  }
  return { ...record, main, isEnded: true };
}
