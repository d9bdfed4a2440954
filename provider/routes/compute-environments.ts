import type { FastifyInstance } from 'fastify';
import { operatorUnreachable } from '../operator-client.ts';
import type { ProviderContext } from '../context.ts';
import { requireCompute } from '../context.ts';

/** By chain id. A chain whose environments cannot be had is left out; only when there is none at all it is an error (D4). */
export function registerComputeEnvironments(app: FastifyInstance, context: ProviderContext): void {
  app.get('/api/services/computeEnvironments', { exposeHeadRoute: true }, async () => {
    const { environments } = requireCompute(context);
    const lists = await Promise.allSettled(
      context.chains.all.map(async (chain) => [String(chain.chainId), await environments.list(chain)] as const),
    );
    const found = lists.flatMap((list) => (list.status === 'fulfilled' ? [list.value] : []));
    if (found.length === 0) throw operatorUnreachable();
    return Object.fromEntries(found);
  });
}
