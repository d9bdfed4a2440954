import type { ApiCore } from '../api-core.ts';
import { cloneJson, objectAt, stringAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import { startLevelLoop } from './level-loop.ts';

const CLAIMS = '/persistentvolumeclaims';
const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';

/** Whatever somebody writes into the status of a claim without a volume: it is pending. */
export function startClaimPhase(core: ApiCore): { stop(): void } {
  return startLevelLoop(
    core,
    (resource) => resource === CLAIMS,
    () => {
      for (const claim of core.store.list(CLAIMS))
        if (stringAt(claim, 'status', 'phase') !== 'Pending' && !isBound(claim)) setPending(core, claim);
    },
  );
}

function isBound(claim: KubeObject): boolean {
  return claim.metadata.annotations?.[BIND_COMPLETED] !== undefined || Boolean(stringAt(claim, 'spec', 'volumeName'));
}

function setPending(core: ApiCore, claim: KubeObject): void {
  const { accessModes: _modes, capacity: _capacity, ...status } = objectAt(claim, 'status');
  core.store.put(CLAIMS, { ...cloneJson(claim), status: { ...cloneJson(status), phase: 'Pending' } });
}
