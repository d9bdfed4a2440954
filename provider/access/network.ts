import type { DdoService } from '../../core/protocol/ddo.ts';

/**
 * Whether the algorithm may reach the network: only if every dataset's compute service says exactly `true` (the classic
 * stack never read it, T2). A dataset without a compute service says nothing, hence no.
 */
export function isNetworkAllowed(services: readonly Pick<DdoService, 'compute'>[]): boolean {
  return services.length > 0 && services.every(({ compute }) => compute?.allowNetworkAccess === true);
}
