import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256Hex } from '../../../core/protocol/hashing.ts';
import { signMessage } from '../../../core/protocol/signing.ts';
import { signedMessages } from '../../../core/protocol/signed-messages.ts';
import type { Party, ProviderLab, PublishedAsset } from './provider-lab.ts';
import { consumerOf, exchange, movableClock, startProviderLab } from './provider-lab.ts';

const SECRET_PATH = 'very-secret-path-7f3a.csv';
const ROWS = 'subject,rt\n'.repeat(400);

const clock = movableClock();
let lab: ProviderLab;
let open: PublishedAsset;
let closed: PublishedAsset;
let algorithm: PublishedAsset;

beforeAll(async () => {
  lab = await startProviderLab({}, clock);
  lab.files.set(SECRET_PATH, ROWS);
  lab.files.set('algo.js', 'run()');
  open = await lab.publish({ type: 'dataset', serviceType: 'access', files: [SECRET_PATH], timeout: 600 });
  closed = await lab.publish({ type: 'dataset', files: [SECRET_PATH] });
  algorithm = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
});
afterAll(() => lab.stop());

const api = (route: string): string => consumerOf(lab, lab.buyer).api(route);

describe('publishing', () => {
  test('the root document leads to every route', async () => {
    const { body } = await exchange(`${lab.provider().url}/`);
    expect(body).toMatchObject({
      software: 'Provider',
      version: '2.1.6',
      chainIds: [8996],
      providerAddresses: { 8996: lab.provider().address },
    });
    const endpoints = (body as Record<string, unknown>)['serviceEndpoints'] as Record<string, [string, string]>;
    for (const [method, path] of Object.values(endpoints)) {
      const answer = await exchange(`${lab.provider().url}/${path}`, { method });
      expect([path, answer.status !== 404 && answer.status !== 405]).toEqual([path, true]);
    }
  });

  test('encrypt answers bare hex that only this Provider reads', async () => {
    const send = (query: string, type = 'application/octet-stream'): Promise<Response> =>
      fetch(api(`encrypt${query}`), { method: 'POST', headers: { 'content-type': type }, body: '{"a":1}' });
    const good = await send('?chainId=8996');
    expect([good.status, /^0x04[0-9a-f]+$/.test(await good.text())]).toEqual([201, true]);
    expect([
      (await send('?chainId=1')).status,
      (await send('')).status,
      (await send('?chainId=8996', 'application/json')).status,
    ]).toEqual([400, 400, 400]);
  });

  async function decrypt(
    body: Record<string, unknown>,
    party: Party = lab.stranger,
  ): Promise<{ status: number; text: string }> {
    const nonce = await consumerOf(lab, party).nextNonce();
    const chainId = body['chainId'] ?? 8996;
    const subject = String(body['transactionId'] ?? body['dataNftAddress']);
    const signature = signMessage(
      signedMessages.decrypt(subject, party.address, String(chainId), nonce),
      party.privateKey,
    );
    const response = await fetch(api('decrypt'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ decrypterAddress: party.address, chainId, nonce, signature, ...body }),
    });
    return { status: response.status, text: await response.text() };
  }

  test('decrypt gives the published document verbatim', async () => {
    const { status, text } = await decrypt({ transactionId: open.metadataTx, dataNftAddress: open.nft });
    expect([status, (JSON.parse(text) as { id: string }).id]).toEqual([201, open.did]);
  });

  test("T10: another NFT's transaction does not pass under this NFT's state", async () => {
    const { status, text } = await decrypt({ transactionId: closed.metadataTx, dataNftAddress: open.nft });
    expect([status, JSON.parse(text)]).toMatchObject([
      400,
      { error: 'Failed to process transaction id.', code: 'METADATA_TX_INVALID' },
    ]);
  });

  test('a revoked document stays closed, an unlisted one does not', async () => {
    const asset = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
    const body = { transactionId: asset.metadataTx, dataNftAddress: asset.nft };
    await lab.owner.ocean.setMetaDataState(asset.nft, 5);
    expect((await decrypt(body)).status).toBe(201);
    await lab.owner.ocean.setMetaDataState(asset.nft, 3);
    const { status, text } = await decrypt(body);
    expect([status, JSON.parse(text)]).toMatchObject([403, { error: 'Asset revoked', code: 'ASSET_REVOKED' }]);
  });

  test("T10: a revoked document does not pass under another NFT's state, sent along or set again", async () => {
    const revoked = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
    const text = JSON.stringify({ id: revoked.did, chainId: 8996, nftAddress: revoked.nft });
    const headers = { 'content-type': 'application/octet-stream' };
    const encrypted = await fetch(api('encrypt?chainId=8996'), { method: 'POST', headers, body: text });
    const [data, hash] = [await encrypted.text(), `0x${sha256Hex(text)}`];
    const document = { encryptedDocument: data, flags: 2, documentHash: hash };
    expect((await decrypt({ ...document, dataNftAddress: revoked.nft })).status).toBe(201);
    await lab.owner.ocean.setMetaDataState(revoked.nft, 3);
    expect((await decrypt({ ...document, dataNftAddress: revoked.nft })).status).toBe(403);
    const sentAlong = await decrypt({ ...document, dataNftAddress: open.nft });
    const { nft } = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
    const again = { state: 0, decryptorUrl: lab.provider().url, flags: '0x02', data, hash };
    const { transactionHash } = await lab.owner.ocean.setMetaData(nft, again);
    const setAgain = await decrypt({ transactionId: transactionHash, dataNftAddress: nft });
    for (const refused of [sentAlong, setAgain]) {
      expect([refused.status, JSON.parse(refused.text)]).toMatchObject([
        400,
        { code: 'DDO_INVALID', field: 'dataNftAddress' },
      ]);
    }
  });

  test('T10: authorised decrypters are compared whatever the spelling', async () => {
    await lab.killAndRestart({ authorizedDecrypters: [lab.stranger.address.toLowerCase()] });
    const body = { transactionId: open.metadataTx, dataNftAddress: open.nft };
    const stranger = await decrypt(body);
    const buyer = await decrypt(body, lab.buyer);
    await lab.killAndRestart();
    expect([stranger.status, buyer.status, JSON.parse(buyer.text)]).toMatchObject([
      201,
      403,
      { error: 'Decrypter not authorized' },
    ]);
  });
});

describe('fileinfo', () => {
  test('T11: of data that only computation may see, nothing but the size', async () => {
    const { body } = await exchange(api('fileinfo'), { body: { did: closed.did, serviceId: 'svc-1', checksum: true } });
    expect(body).toEqual([{ index: 0, valid: true, type: 'url', contentLength: String(ROWS.length) }]);
  });

  test('of an algorithm, the checksum that trust lists need, and no name', async () => {
    const { body } = await exchange(api('fileinfo'), {
      body: { did: algorithm.did, serviceId: 'svc-1', checksum: true },
    });
    expect(body).toEqual([
      {
        index: 0,
        valid: true,
        type: 'url',
        contentLength: '5',
        contentType: 'text/csv',
        checksum: sha256Hex('run()'),
        checksumType: 'sha256',
      },
    ]);
  });

  test("of one's own file, everything; of a missing one, that it is not there", async () => {
    const own = await exchange(api('fileinfo'), {
      body: { type: 'url', url: `${lab.filesUrl}/algo.js`, checksum: true },
    });
    expect(own.body).toMatchObject([{ valid: true, filename: 'algo.js', checksum: sha256Hex('run()') }]);
    const missing = await exchange(api('fileinfo'), { body: { type: 'url', url: `${lab.filesUrl}/none` } });
    expect(missing).toMatchObject({ status: 200, body: [{ index: 0, valid: false, type: 'url' }] });
  });
});

describe('downloads', () => {
  async function order(): Promise<string> {
    const query = new URLSearchParams({
      documentId: open.did,
      serviceId: 'svc-1',
      consumerAddress: lab.buyer.address,
      fileIndex: '0',
    });
    const { status, body } = await exchange(api(`initialize?${query}`));
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { datatoken: open.datatoken, providerFee: { providerFeeAmount: '0', validUntil: 0 } },
    });
    return consumerOf(lab, lab.buyer).order(open, (body as Record<string, unknown>)['providerFee'], lab.buyer.address);
  }

  async function download(
    transferTxId: string,
    changes: Record<string, string> = {},
    party = lab.buyer,
    headers = {},
  ): Promise<Response> {
    const nonce = await consumerOf(lab, party).nextNonce();
    const query = {
      documentId: open.did,
      serviceId: 'svc-1',
      transferTxId,
      fileIndex: '0',
      consumerAddress: party.address,
      nonce,
      ...changes,
    };
    const signature = signMessage(signedMessages.download(query.documentId, nonce), party.privateKey);
    return fetch(api(`download?${new URLSearchParams({ ...query, signature })}`), { headers });
  }

  test('stream the file, whole or in part, to who paid', async () => {
    const transaction = await order();
    const whole = await download(transaction);
    expect([whole.status, await whole.text(), whole.headers.get('content-disposition')]).toEqual([
      200,
      ROWS,
      `attachment;filename=${SECRET_PATH}`,
    ]);
    const part = await download(transaction, {}, lab.buyer, { range: 'bytes=0-6' });
    expect([part.status, await part.text()]).toEqual([206, 'subject']);
    const again = await exchange(
      api(
        `initialize?${new URLSearchParams({ documentId: open.did, serviceId: 'svc-1', consumerAddress: lab.buyer.address, transferTxId: transaction })}`,
      ),
    );
    expect(again.body).toEqual({ validOrder: transaction });
  });

  test.each([
    ['a stranger', {}, 'ORDER_NOT_YOURS', true],
    ['D8: an index past the end', { fileIndex: '1' }, 'FILE_INDEX_OUT_OF_RANGE', false],
    ['D8: a negative index', { fileIndex: '-1' }, 'FILE_INDEX_OUT_OF_RANGE', false],
    ['D8: an unknown service', { serviceId: 'nope' }, 'SERVICE_NOT_FOUND', false],
    ['a transaction that is no hash', { transferTxId: 'nope' }, 'ORDER_TX_INVALID', false],
    ['an address that is none', { consumerAddress: '0x12' }, 'INVALID_REQUEST', false],
    ['an unknown asset', { documentId: `did:op:${'0'.repeat(64)}` }, 'DID_NOT_FOUND', false],
  ])('are refused to %s', async (_name, changes, code, isStranger) => {
    const transaction = await order();
    const answer = await download(transaction, changes, isStranger ? lab.stranger : lab.buyer);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, code]);
  });

  test("P2: a reuse renews the fee, in anybody's hands, and never the time that was bought", async () => {
    const transaction = await order();
    const reuse = async (party: Party): Promise<string> => {
      const query = new URLSearchParams({ documentId: open.did, serviceId: 'svc-1', consumerAddress: party.address });
      const { body } = await exchange(api(`initialize?${query}`));
      const fee = (body as Record<string, unknown>)['providerFee'] as never;
      return (await party.ocean.reuseOrder(open.datatoken, transaction, fee)).transactionHash;
    };
    const codeOf = async (response: Response): Promise<unknown> =>
      response.ok ? 'ok' : ((await response.json()) as { code: string }).code;
    expect(await codeOf(await download(await reuse(lab.buyer)))).toBe('ok');
    expect(await codeOf(await download(await reuse(lab.stranger), {}, lab.stranger))).toBe('ORDER_NOT_YOURS');
    clock.move(601);
    expect(await codeOf(await download(transaction))).toBe('ORDER_EXPIRED');
    expect(await codeOf(await download(await reuse(lab.buyer)))).toBe('ORDER_EXPIRED');
  });

  test('a file that ends early cuts the connection instead of passing for the whole', async () => {
    const transaction = await order();
    lab.cutShort.add(SECRET_PATH);
    await expect(download(transaction).then((answer) => answer.text())).rejects.toThrow('terminated');
    lab.cutShort.clear();
    expect((await download(transaction)).status).toBe(200);
  });

  test('credentials and states of the chain count, whatever the metadata cache says', async () => {
    const asset = await lab.publish({
      type: 'dataset',
      serviceType: 'access',
      files: ['algo.js'],
      credentials: { deny: [{ type: 'address', values: [lab.buyer.address] }] },
    });
    const initialize = async (party: Party) =>
      exchange(
        api(
          `initialize?${new URLSearchParams({ documentId: asset.did, serviceId: 'svc-1', consumerAddress: party.address })}`,
        ),
      );
    expect(await initialize(lab.buyer)).toMatchObject({
      status: 400,
      body: {
        code: 'CREDENTIAL_IN_DENY_LIST',
        error: expect.stringMatching(/^Provider Ganache: Error: Access to asset/),
      },
    });
    expect((await initialize(lab.stranger)).status).toBe(200);
    await lab.owner.ocean.setMetaDataState(asset.nft, 4);
    expect(await initialize(lab.stranger)).toMatchObject({ status: 400, body: { code: 'ASSET_ORDERING_DISABLED' } });
  });
});

describe('answers to what is wrong', () => {
  test('A12: a nonce is read and not made', async () => {
    const fresh = lab.chain.accounts[7]?.address ?? '';
    expect((await exchange(api(`nonce?userAddress=${fresh}`))).body).toEqual({ nonce: '1' });
    expect(await exchange(api('nonce'))).toMatchObject({
      status: 400,
      body: { success: false, errors: { userAddress: ['The userAddress field is required.'] } },
    });
    expect(await exchange(api('nonce?userAddress=anything'))).toMatchObject({
      status: 400,
      body: { code: 'INVALID_REQUEST', field: 'userAddress' },
    });
  });

  test('D6: nothing of the request is said again', async () => {
    const body = {
      consumerAddress: lab.buyer.address,
      signature: '0xdeadbeef',
      nonce: '1',
      dataset: { documentId: 5 },
      algorithm: {},
    };
    const answer = await exchange(api('compute'), { body });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).not.toContain('deadbeef');
    const noJson = await fetch(api('compute'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":',
    });
    expect([noJson.status, await noJson.json()]).toMatchObject([400, { code: 'INVALID_REQUEST', field: 'body' }]);
    expect(await exchange(api('nothing'))).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await exchange(api('nonce'), { method: 'DELETE' })).toMatchObject({
      status: 405,
      body: { error: 'Method Not Allowed', code: 'METHOD_NOT_ALLOWED' },
    });
  });

  test('D5: a body past the limit', async () => {
    const answer = await fetch(api('decrypt'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"a":"${'x'.repeat(3_000_000)}"}`,
    });
    expect([answer.status, await answer.json()]).toMatchObject([413, { code: 'BODY_TOO_LARGE' }]);
  });

  test('D2: a bogus transaction in an unsigned request keeps nobody waiting', async () => {
    const query = new URLSearchParams({
      documentId: open.did,
      serviceId: 'svc-1',
      consumerAddress: lab.buyer.address,
      transferTxId: `0x${'ee'.repeat(32)}`,
    });
    expect((await exchange(api(`initialize?${query}`))).body).toMatchObject({ datatoken: open.datatoken });
  });

  test('a page of another origin may call everything', async () => {
    const preflight = await fetch(api('compute'), {
      method: 'OPTIONS',
      headers: { origin: 'https://market.example', 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
  });
});

test('A1, D6: no log holds an address of a file, a key or a signature', async () => {
  lab.files.delete(SECRET_PATH);
  await exchange(api('fileinfo'), { body: { did: closed.did, serviceId: 'svc-1', checksum: true } });
  lab.files.set(SECRET_PATH, ROWS);
  const text = JSON.stringify(lab.logged);
  expect(lab.logged.length).toBeGreaterThan(10);
  expect(text).not.toContain(SECRET_PATH);
  for (const { privateKey } of lab.chain.accounts) expect(text).not.toContain(privateKey.slice(2));
  expect(/0x[0-9a-f]{130}/i.test(text)).toBe(false);
});
