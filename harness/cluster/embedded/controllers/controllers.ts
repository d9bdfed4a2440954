import type { ApiAccess } from '../api-access.ts';
import type { ApiCore } from '../api-core.ts';
import { startClaimPhase } from './claim-phase.ts';
import { startClaimProtection } from './claim-protection.ts';
import { startDefaultServiceAccounts } from './default-service-accounts.ts';
import { startDefinitionCleanup } from './definition-cleanup.ts';
import { startGarbageCollector } from './garbage-collector.ts';
import { startNamespaceController } from './namespace-controller.ts';
import { startScheduler } from './scheduler.ts';

/** The part of kube-controller-manager and kube-scheduler that this cluster has. */
export function startControllers(core: ApiCore, access: ApiAccess, caPem: string): { stop(): void } {
  const running = [
    startDefaultServiceAccounts(access, caPem),
    startGarbageCollector(core),
    startDefinitionCleanup(core),
    startNamespaceController(core),
    startClaimProtection(core),
    startClaimPhase(core),
    startScheduler(core, access),
  ];
  return { stop: () => running.forEach((controller) => controller.stop()) };
}
