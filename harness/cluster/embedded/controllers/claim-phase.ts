import type { ApiCore } from '../api-core.ts';
import { cloneJson, objectAt, stringAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { startLevelLoop } from './level-loop.ts';

const CLAIMS = '/persistentvolumeclaims';
const VOLUMES = '/persistentvolumes';
const CLASSES = 'storage.k8s.io/storageclasses';
const FIRST_CONSUMER = 'WaitForFirstConsumer';
const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';

/** Whatever somebody writes into the status of a claim that waits for a volume: it is pending. */
export function startClaimPhase(core: ApiCore): { stop(): void } {
  return startLevelLoop(
    core,
    (resource) => resource === CLAIMS,
    () => {
      for (const claim of core.store.list(CLAIMS))
        if (stringAt(claim, 'status', 'phase') !== 'Pending' && isWaiting(core, claim)) setPending(core, claim);
    },
  );
}

/** For a volume that is named or that fits, or for its first pod. What a class would provide at once, a provisioner looks after. */
function isWaiting(core: ApiCore, claim: KubeObject): boolean {
  if (claim.metadata.annotations?.[BIND_COMPLETED] !== undefined) return false;
  const volume = stringAt(claim, 'spec', 'volumeName') ?? '';
  if (volume !== '') return core.store.get(VOLUMES, undefined, volume) === undefined;
  const name = stringAt(claim, 'spec', 'storageClassName') ?? '';
  return name === '' || stringAt(core.store.get(CLASSES, undefined, name), 'volumeBindingMode') === FIRST_CONSUMER;
}

function setPending(core: ApiCore, claim: KubeObject): void {
  const { accessModes: _modes, capacity: _capacity, ...status } = objectAt(claim, 'status');
  core.store.put(CLAIMS, { ...cloneJson(claim), status: { ...cloneJson(status), phase: 'Pending' } });
}
