import type { Asset } from '../asset/asset.ts';
import type { AccessDecision } from '../refusal.ts';
import { ALLOWED, denied } from '../refusal.ts';
import { checkCredentials } from './credentials.ts';
import type { DdoService } from '../../core/protocol/ddo.ts';

/** Metadata states in which an asset may be ordered and used: active and unlisted. */
const USABLE = new Set([0, 5]);

const STATE_NAMES = [
  'active',
  'end of life',
  'deprecated by another asset',
  'revoked',
  'ordering disabled',
  'unlisted',
];

/**
 * Whether `consumer` may use the asset at all: its state on chain, then the credentials of asset and service.
 * `consumer` is always the user. The environment's address need not be listed: the job was allowed for its user (T8).
 */
export function checkConsumable(asset: Asset, service: DdoService, consumer: string, field: string): AccessDecision {
  if (!USABLE.has(asset.state)) {
    const name = STATE_NAMES[asset.state] ?? `unknown (${asset.state})`;
    return denied({
      code: 'ASSET_STATE',
      field,
      rule: 'asset.state',
      message: `The asset's state on chain is ${name}.`,
      classic: 'Asset is not consumable.',
    });
  }
  for (const credentials of [asset.ddo.credentials, service.credentials]) {
    const decision = checkCredentials(credentials, consumer, asset.did, field);
    if (!decision.allowed) return decision;
  }
  return ALLOWED;
}
