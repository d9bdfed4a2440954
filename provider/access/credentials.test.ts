import { describe, expect, test } from 'vitest';
import { assetOf, STRANGER, USER } from '../testing/assets.ts';
import { checkConsumable } from './consumable.ts';
import { checkCredentials } from './credentials.ts';

const list = (...values: string[]) => [{ type: 'address', values }];

describe('credentials', () => {
  test.each([
    ['no lists', {}, undefined],
    ['on the allow list', { allow: list(USER) }, undefined],
    ['on the allow list in another spelling', { allow: list(USER.toLowerCase()) }, undefined],
    ['on the second entry of the allow list', { allow: [...list(STRANGER), ...list(USER)] }, undefined],
    ['not on the allow list', { allow: list(STRANGER) }, 'CREDENTIAL_NOT_IN_ALLOW_LIST'],
    ['another on the deny list', { deny: list(STRANGER) }, undefined],
    ['on the deny list', { deny: list(USER) }, 'CREDENTIAL_IN_DENY_LIST'],
    ['entries of other types', { allow: [{ type: 'verifiableCredential', values: ['x'] }] }, undefined],
  ])('%s', (_name, credentials, code) => {
    const decision = checkCredentials(credentials, USER, 'did:op:1', 'dataset');
    expect(decision).toMatchObject(code ? { allowed: false, code, field: 'dataset' } : { allowed: true });
  });

  test('T7: the deny list counts although there is an allow list', () => {
    const lists = { allow: list(USER), deny: list(USER) };
    expect(checkCredentials(lists, USER, 'did:op:1', 'dataset')).toMatchObject({
      code: 'CREDENTIAL_IN_DENY_LIST',
      rule: 'credentials.deny',
      classic: 'Error: Access to asset did:op:1 was denied with code: ConsumableCodes.CREDENTIAL_IN_DENY_LIST.',
    });
  });

  test("T7: the service's own lists count too", () => {
    const { asset, service } = assetOf({ service: { credentials: { deny: list(USER) } } });
    expect(checkConsumable(asset, service, USER, 'dataset')).toMatchObject({ code: 'CREDENTIAL_IN_DENY_LIST' });
    expect(checkConsumable(asset, service, STRANGER, 'dataset')).toEqual({ allowed: true });
  });
});

describe('states', () => {
  test.each([0, 5])('an asset in state %i may be used', (state) => {
    const { asset, service } = assetOf({ asset: { state } });
    expect(checkConsumable(asset, service, USER, 'dataset')).toMatchObject({ allowed: true });
  });

  test.each([
    [1, 'ASSET_END_OF_LIFE'],
    [2, 'ASSET_DEPRECATED'],
    [3, 'ASSET_REVOKED'],
    [4, 'ASSET_ORDERING_DISABLED'],
    [6, 'ASSET_STATE_UNKNOWN'],
    [255, 'ASSET_STATE_UNKNOWN'],
  ])('an asset in state %i may not: %s', (state, code) => {
    const { asset, service } = assetOf({ asset: { state } });
    expect(checkConsumable(asset, service, USER, 'dataset')).toMatchObject({
      allowed: false,
      code,
      rule: 'asset.state',
      classic: 'Asset is not consumable.',
    });
  });
});
