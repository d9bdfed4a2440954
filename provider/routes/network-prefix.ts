import type { AssetService } from '../asset/asset.ts';
import { Refused } from '../refusal.ts';

/** The classic Provider begins its texts on consume routes with the network's name. */
export function onChain({ asset }: AssetService, { reason, shape, status }: Refused): Refused {
  return new Refused({ ...reason, classic: `Provider ${asset.chain.name}: ${reason.classic}` }, shape, status);
}
