import { sameAddress } from '../../core/protocol/address.ts';
import type { Credentials } from '../../core/protocol/ddo.ts';
import type { AccessDecision } from '../refusal.ts';
import { ALLOWED, denied } from '../refusal.ts';

/**
 * Allow and deny lists of addresses. Deny wins: the classic Provider looked at the deny list only when there was no
 * allow list (T7). Entries of other types than `address` concern other parties.
 */
export function checkCredentials(
  credentials: Credentials | null | undefined,
  consumer: string,
  did: string,
  field: string,
): AccessDecision {
  const refusal = (
    code: 'CREDENTIAL_IN_DENY_LIST' | 'CREDENTIAL_NOT_IN_ALLOW_LIST',
    rule: string,
    message: string,
  ): AccessDecision =>
    denied({
      code,
      field,
      rule,
      message,
      classic: `Error: Access to asset ${did} was denied with code: ConsumableCodes.${code}.`,
    });

  const deny = addressesOf(credentials?.deny);
  if (deny.some((listed) => sameAddress(listed, consumer))) {
    return refusal('CREDENTIAL_IN_DENY_LIST', 'credentials.deny', 'The address is on the deny list.');
  }
  const allow = addressesOf(credentials?.allow);
  if (allow.length > 0 && !allow.some((listed) => sameAddress(listed, consumer))) {
    return refusal('CREDENTIAL_NOT_IN_ALLOW_LIST', 'credentials.allow', 'The address is not on the allow list.');
  }
  return ALLOWED;
}

function addressesOf(entries: NonNullable<Credentials['allow']> | null | undefined): readonly string[] {
  return (entries ?? []).filter(({ type }) => type === 'address').flatMap(({ values }) => values);
}
