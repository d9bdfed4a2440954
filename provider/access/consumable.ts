import type { Asset } from '../asset/asset.ts';
import type { AccessDecision } from '../refusal.ts';
import { ALLOWED, denied } from '../refusal.ts';
import { refusalOfUse } from './asset-state.ts';
import { checkCredentials } from './credentials.ts';
import type { DdoService } from '../../core/protocol/ddo.ts';

/**
 * Whether `consumer` may use the asset at all: its state on chain, then the credentials of asset and service.
 * `consumer` is always the user. The environment's address need not be listed: the job was allowed for its user (T8).
 */
export function checkConsumable(asset: Asset, service: DdoService, consumer: string, field: string): AccessDecision {
  const state = refusalOfUse(asset.state);
  if (state) {
    const { code, text } = state;
    return denied({ code, field, rule: 'asset.state', message: `${text}.`, classic: 'Asset is not consumable.' });
  }
  for (const credentials of [asset.ddo.credentials, service.credentials]) {
    const decision = checkCredentials(credentials, consumer, asset.did, field);
    if (!decision.allowed) return decision;
  }
  return ALLOWED;
}
