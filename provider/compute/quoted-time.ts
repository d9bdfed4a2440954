import type { Clock } from '../../core/clock.ts';
import { nowSeconds } from '../../core/clock.ts';
import type { Chain } from '../chain/chains.ts';
import { refused } from '../refusal.ts';

/** Unix seconds by the later of two clocks, the chain's and our own: an order and its fee are judged by it, so they are quoted by it. */
export async function quotedNow(chain: Chain, clock: Clock): Promise<number> {
  const chainTime = await chain.reader.time();
  return Math.max(nowSeconds(clock), chainTime);
}

/**
 * The end that a quote is asked for, in Unix seconds.
 * @throws Refused VALID_UNTIL_INVALID when it is none, or has passed
 */
export function validUntilAfter(now: number, asked: unknown, field: string): number {
  const until = Number(asked);
  if (Number.isSafeInteger(until) && until > now) return until;
  throw refused('VALID_UNTIL_INVALID', field, 'fee.validUntil', 'The validUntil value is not correct.');
}
