import http from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { METADATA_FLAGS } from '../../../core/protocol/metadata-encoding.ts';
import { sha256Hex } from '../../../core/protocol/hashing.ts';
import { signMessage } from '../../../core/protocol/signing.ts';
import { signedMessages } from '../../../core/protocol/signed-messages.ts';
import type { ProviderLab, PublishedAsset } from './provider-lab.ts';
import { consumerOf, exchange, startProviderLab } from './provider-lab.ts';

let lab: ProviderLab;
let asset: PublishedAsset;

beforeAll(async () => {
  lab = await startProviderLab();
  lab.files.set('a.csv', 'subject,rt\n');
  asset = await lab.publish({ type: 'dataset', serviceType: 'access', files: ['a.csv'] });
});
afterAll(() => lab.stop());

const api = (route: string): string => consumerOf(lab, lab.buyer).api(route);

/** fetch sends no body with GET; the classic stack reads one. */
async function send(method: string, url: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const content = body === undefined ? '' : JSON.stringify(body);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) };
    http.request(url, { method, headers }, resolve).on('error', reject).end(content);
  });
  return { status: answer.statusCode ?? 0, body: JSON.parse(await text(answer)) as unknown };
}

describe('the fields of a request', () => {
  test('come from the body where there is no query, whatever the verb', async () => {
    expect(await send('GET', api('nonce'), { userAddress: lab.stranger.address })).toMatchObject({
      status: 200,
      body: { nonce: '1' },
    });
    const fields = { documentId: asset.did, serviceId: 'svc-1', consumerAddress: lab.buyer.address };
    expect(await send('GET', api('initialize'), fields)).toMatchObject({
      status: 200,
      body: { datatoken: asset.datatoken },
    });
  });

  test('come from the query alone where there is one', async () => {
    const consumerAddress = lab.buyer.address;
    const jobId = 'ab'.repeat(16);
    const message = signedMessages.computeStopWithoutNonce({ consumerAddress, jobId });
    const signature = signMessage(message, lab.buyer.privateKey);
    const query = new URLSearchParams({ consumerAddress, jobId, signature, nonce: '5' });
    expect(await send('PUT', api(`compute?${query}`), { consumerAddress: 'ignored' })).toEqual({
      status: 200,
      body: [],
    });
    expect(await send('PUT', api('compute?consumerAddress=0x12'), { consumerAddress, jobId, signature })).toMatchObject(
      { status: 400, body: { code: 'INVALID_REQUEST', field: 'consumerAddress' } },
    );
  });

  test('count in the signed text of a start as they are sent: with the job, where one is named', async () => {
    const { address: consumerAddress, privateKey } = lab.buyer;
    const jobId = 'cd'.repeat(16);
    const { did } = asset;
    const start = async (signedJob: string | undefined): Promise<unknown> => {
      const nonce = await consumerOf(lab, lab.buyer).nextNonce();
      const text = signedMessages.computeStart({ consumerAddress, jobId: signedJob, documentId: did, nonce });
      const signature = signMessage(text, privateKey);
      const dataset = { documentId: did, serviceId: 'svc-1' };
      const fields = { consumerAddress, jobId, environment: 'free', dataset, algorithm: {}, nonce, signature };
      const { body } = await exchange(api('compute'), { body: fields });
      return (body as Record<string, unknown>)['code'];
    };
    expect([await start(undefined), await start(jobId)]).toEqual(['SIGNATURE_INVALID', 'DATASET_MISSING']);
  });

  test('may be asked for behind two slashes, as classic pods do', async () => {
    const url = `${lab.provider().url}//api/services/nonce?userAddress=${lab.stranger.address}`;
    expect((await exchange(url)).status).toBe(200);
  });
});

describe('a document to decrypt', () => {
  let document: string;
  beforeAll(() => {
    document = JSON.stringify({ id: asset.did, name: 'ä' });
  });

  async function decrypt(changes: Record<string, unknown> = {}) {
    const { address, privateKey } = lab.stranger;
    const nonce = await consumerOf(lab, lab.stranger).nextNonce();
    const encrypted = await fetch(api('encrypt?chainId=8996'), {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: document,
    });
    const fields = {
      encryptedDocument: await encrypted.text(),
      flags: METADATA_FLAGS.encrypted,
      documentHash: `0x${sha256Hex(document)}`,
      dataNftAddress: asset.nft,
      decrypterAddress: address,
      // Kept as they were written: a number and a text sign alike.
      chainId: 8996,
      nonce: Number(nonce),
      signature: signMessage(signedMessages.decrypt(asset.nft, address, '8996', nonce), privateKey),
      ...changes,
    };
    const response = await fetch(api('decrypt'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    });
    const answer = await response.text();
    return response.ok ? [response.status, answer] : [response.status, JSON.parse(answer) as unknown];
  }

  test('may come along, with its flags and its hash', async () => {
    expect(await decrypt()).toEqual([201, document]);
    const plain = Buffer.from(document).toString('hex');
    expect(await decrypt({ encryptedDocument: plain, flags: 0 })).toEqual([201, document]);
  });

  test('must name the data NFT: by DID, or by address and chain', async () => {
    const send = async (content: unknown): Promise<unknown> => {
      const text = JSON.stringify(content);
      const encryptedDocument = Buffer.from(text).toString('hex');
      const [status] = await decrypt({ encryptedDocument, flags: 0, documentHash: `0x${sha256Hex(text)}` });
      return status;
    };
    const { did: id, nft: nftAddress } = asset;
    const taken = [{ id }, { nftAddress, chainId: 8996 }, { nftAddress: nftAddress.toLowerCase(), chainId: 8996 }];
    for (const content of taken) expect([content, await send(content)]).toEqual([content, 201]);
    const others = [{ nftAddress }, { nftAddress, chainId: 1 }, { id: `${id}0` }, { a: id }, null, id, []];
    for (const content of others) expect([content, await send(content)]).toEqual([content, 400]);
  });

  test.each([
    [{ documentHash: `0x${'00'.repeat(32)}` }, "Checksum doesn't match.", 'DDO_HASH_MISMATCH'],
    [{ encryptedDocument: `0x04${'00'.repeat(120)}` }, 'Failed to decrypt.', 'DECRYPT_FAILED'],
    [{ flags: 3 }, 'Failed to decompress', 'DDO_INVALID'],
    [{ flags: undefined }, 'Failed to convert input args to bytes.', 'INVALID_REQUEST'],
    [{ documentHash: undefined }, 'Failed to convert input args to bytes.', 'INVALID_REQUEST'],
  ])('%j: %s', async (changes, error, code) => {
    expect(await decrypt(changes)).toMatchObject([400, { error, code }]);
  });
});
