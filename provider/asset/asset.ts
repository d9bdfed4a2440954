import type { Ddo, DdoService } from '../../core/protocol/ddo.ts';
import type { Chain } from '../chain/chains.ts';
import type { Checked } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';

/** An asset as the chain has it: the document whose hash the last metadata event records, live state, live owner. */
export interface Asset {
  readonly did: string;
  readonly chain: Chain;
  /** EIP-55. */
  readonly nft: string;
  readonly owner: string;
  /** MetadataState: 0 active, 1 end of life, 2 deprecated, 3 revoked, 4 ordering disabled, 5 unlisted. */
  readonly state: number;
  readonly ddo: Ddo;
  /** The document's own bytes, as text. */
  readonly ddoText: string;
}

export interface AssetService {
  readonly asset: Asset;
  readonly service: DdoService;
  /** Position in the DDO: the order's serviceIndex. */
  readonly index: number;
}

export function findService(asset: Asset, serviceId: string, field: string): Checked<AssetService> {
  const index = asset.ddo.services.findIndex((service) => service.id === serviceId);
  const service = asset.ddo.services[index];
  if (service) return passed({ asset, service, index });
  return refuse({
    code: 'SERVICE_NOT_FOUND',
    field,
    rule: 'asset.service',
    message: `The asset has no service with the id ${serviceId}.`,
    classic: 'not_found',
  });
}
