import { describe, expect, test } from 'vitest';
import { createLocalSigner } from '../signer.ts';
import { DATATOKEN, NFT, PROVIDER_KEY, STRANGER, STRANGER_KEY, assetOf } from '../testing/assets.ts';
import { decryptFiles } from './service-files.ts';

const file = { type: 'url', url: 'https://data.example/secret.csv' };
const good = { datatokenAddress: DATATOKEN, nftAddress: NFT, files: [file] };

async function open(plain: unknown, key = PROVIDER_KEY) {
  const text = typeof plain === 'string' ? plain : JSON.stringify(plain);
  const files = await createLocalSigner(key).encrypt(Buffer.from(text));
  return decryptFiles(assetOf({ service: { files } }));
}

describe("a service's files", () => {
  test('are opened for their asset, whatever the spelling of its addresses', async () => {
    expect(await open(good)).toMatchObject({ ok: true, value: [{ url: file.url, method: 'GET' }] });
    expect(await open({ ...good, nftAddress: NFT.toLowerCase() })).toMatchObject({ ok: true });
  });

  test.each([
    ['T9: of another data NFT', { ...good, nftAddress: STRANGER }, 'FILES_NOT_BOUND'],
    ['T9: of another datatoken', { ...good, datatokenAddress: STRANGER }, 'FILES_NOT_BOUND'],
    ['T9: of no asset at all, as version 4.0.0 had them', [file], 'FILE_OBJECT_INVALID'],
    ['without a file', { ...good, files: [] }, 'FILE_OBJECT_INVALID'],
    ['with a file of an unknown type', { ...good, files: [{ type: 's3' }] }, 'FILE_TYPE_UNSUPPORTED'],
    ['with a malformed file', { ...good, files: [{ type: 'ipfs' }] }, 'FILE_OBJECT_INVALID'],
    ['that are no JSON', 'no json', 'FILES_UNDECRYPTABLE'],
  ])('are refused: %s', async (_name, plain, code) => {
    const opened = await open(plain);
    expect(opened).toMatchObject({ ok: false, reason: { code } });
    expect(JSON.stringify(opened)).not.toContain('secret.csv');
  });

  test('of another Provider are not opened', async () => {
    expect(await open(good, STRANGER_KEY)).toMatchObject({ ok: false, reason: { code: 'FILES_UNDECRYPTABLE' } });
  });
});
