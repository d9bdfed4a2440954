import type { ErrorCode } from '../codes.ts';

/** Why an asset in a state of the chain is not to be used or read. */
export interface StateRefusal {
  readonly code: ErrorCode;
  /** As the classic Provider says it where it reads documents. */
  readonly text: string;
}

const REFUSALS: Readonly<Record<number, StateRefusal>> = {
  1: { code: 'ASSET_END_OF_LIFE', text: 'Asset end of life' },
  2: { code: 'ASSET_DEPRECATED', text: 'Asset deprecated' },
  3: { code: 'ASSET_REVOKED', text: 'Asset revoked' },
  4: { code: 'ASSET_ORDERING_DISABLED', text: 'Asset ordering disabled' },
};

const UNKNOWN: StateRefusal = { code: 'ASSET_STATE_UNKNOWN', text: 'Invalid MetadataState' };

/** Active and unlisted assets may be ordered and used. */
const USABLE = new Set([0, 5]);

/** Of an asset that takes no orders for the moment the document may still be read. */
const READABLE = new Set([0, 4, 5]);

/** The contract takes any number up to 255 for a state: what has no meaning here allows nothing. */
export function refusalOfUse(state: number): StateRefusal | undefined {
  return USABLE.has(state) ? undefined : (REFUSALS[state] ?? UNKNOWN);
}

export function refusalOfReading(state: number): StateRefusal | undefined {
  return READABLE.has(state) ? undefined : (REFUSALS[state] ?? UNKNOWN);
}
