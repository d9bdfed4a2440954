import http from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeServer, listen } from '../../../core/http-listen.ts';
import { sha256Hex } from '../../../core/protocol/hashing.ts';
import { downloadsOf } from './downloads.ts';
import type { ProviderLab, PublishedAsset } from './provider-lab.ts';
import { CONTAINER, consumerOf, exchange, startProviderLab } from './provider-lab.ts';

const CSV = 'subject,rt\n1,0.35\n';

/** A host of everything: gateways and a query endpoint that says what it was asked. */
let lab: ProviderLab;
let base = '';
let finishSlow = (): void => undefined;
const host = http.createServer((request, response) => {
  void text(request).then((body) => {
    const { pathname, search } = new URL(request.url ?? '/', base);
    if (pathname === '/graphql' || pathname === '/echo') {
      const echoed = JSON.stringify({ search, body, key: request.headers['x-key'] ?? null });
      response.writeHead(200, { 'content-type': 'application/json' }).end(echoed);
    } else if (pathname === '/slow') {
      response.write('first');
      finishSlow = () => void response.end('last');
    } else if (pathname === '/untyped.csv') {
      response.writeHead(200, { 'content-length': CSV.length }).end(CSV);
    } else {
      response.writeHead(200, { 'content-type': 'text/csv', 'content-length': CSV.length }).end(CSV);
    }
  });
});

beforeAll(async () => {
  base = `http://127.0.0.1:${(await listen(host)).port}`;
  lab = await startProviderLab({ ipfsGateway: `${base}/`, arweaveGateway: `${base}/arweave` });
});
afterAll(async () => {
  await lab.stop();
  await closeServer(host);
});

const publish = (file: object, service: object = {}): Promise<PublishedAsset> =>
  lab.publish({ type: 'dataset', serviceType: 'access', files: [file], service });

const balanceOf = (address: string): object => ({
  type: 'smartcontract',
  address: lab.addresses.Ocean.toLowerCase(),
  chainId: 8996,
  abi: {
    type: 'function',
    name: address,
    inputs: [{ name: 'account', type: 'address' }],
    outputs: [{ name: '', type: 'uint256' }],
    stateMutability: 'view',
  },
});

describe('a download', () => {
  test.each([
    ['ipfs', { type: 'ipfs', hash: 'QmHash' }, 'file0.csv'],
    ['arweave', { type: 'arweave', transactionId: 'tx-1' }, 'file0.csv'],
  ])('of an %s file comes through the gateway', async (_type, file, name) => {
    const asset = await publish(file);
    const { order, download } = downloadsOf(lab);
    const transaction = await order(asset);
    const whole = await download(asset, transaction);
    expect([whole.status, await whole.text()]).toEqual([200, CSV]);
    expect(whole.headers.get('content-type')).toBe('text/csv');
    expect(whole.headers.get('content-disposition')).toBe(`attachment;filename=${name}`);
    const part = await download(asset, transaction, { headers: { range: 'bytes=8-9' } });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      `bytes 8-9/${CSV.length}`,
      CSV.slice(8, 10),
    ]);
    const behind = await download(asset, transaction, { headers: { range: 'bytes=99-' } });
    expect([behind.status, behind.headers.get('content-range'), await behind.text()]).toEqual([
      416,
      `bytes */${CSV.length}`,
      '',
    ]);
  });

  test("of a query sends the consumer's parameters as its variables", async () => {
    const asset = await publish({
      type: 'graphql',
      url: `${base}/graphql`,
      query: '{ a }',
      headers: { 'x-key': 'k' },
    });
    const { order, download } = downloadsOf(lab);
    const answer = await download(asset, await order(asset), { fields: { userdata: '{"n":1}' } });
    expect(await answer.json()).toEqual({ search: '', key: 'k', body: '{"query":"{ a }","variables":{"n":1}}' });
    expect(answer.headers.get('content-disposition')).toBe('attachment;filename=file0.json');
  });

  test('of a contract calls it with the parameters', async () => {
    const asset = await publish(balanceOf('balanceOf'));
    const { order, download, quote } = downloadsOf(lab);
    const transaction = await order(asset);
    const fields = { userdata: JSON.stringify({ account: lab.stranger.address.toLowerCase() }) };
    const answer = await download(asset, transaction, { fields });
    const balance = await lab.stranger.ocean.balanceOf(lab.addresses.Ocean, lab.stranger.address);
    expect([answer.status, await answer.text()]).toEqual([200, String(balance)]);
    expect(answer.headers.get('content-type')).toBe('application/json');
    const missing = await download(asset, transaction);
    expect([missing.status, await missing.json()]).toMatchObject([
      400,
      { code: 'CONSUMER_PARAMETER_MISSING', error: 'Missing parameters' },
    ]);
    const probe = await quote(asset, { fileIndex: '0', ...fields });
    expect(probe.status).toBe(200);
    const wrong = await quote(asset, { fileIndex: '0', userdata: '{"account":"nobody"}' });
    expect(wrong).toMatchObject({ status: 400, body: { code: 'CONSUMER_PARAMETER_INVALID' } });
  });

  test('takes its type from its name where the host says none', async () => {
    const asset = await publish({ type: 'url', url: `${base}/untyped.csv` });
    const { order, download } = downloadsOf(lab);
    const answer = await download(asset, await order(asset));
    expect(answer.headers.get('content-type')).toBe('text/csv');
    expect(answer.headers.get('content-disposition')).toBe('attachment;filename=untyped.csv');
    expect(answer.headers.get('access-control-expose-headers')).toContain('Content-Disposition');
    expect(await answer.text()).toBe(CSV);
  });

  test('D3: that takes its time keeps nobody waiting', async () => {
    const asset = await publish({ type: 'url', url: `${base}/slow` });
    const { order, download, quote } = downloadsOf(lab);
    const transaction = await order(asset);
    const reader = (await download(asset, transaction)).body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('first');
    expect((await quote(asset)).status).toBe(200);
    finishSlow();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('last');
  });

  test('appends parameters to the address of a GET, and makes them the body of a POST', async () => {
    const { order, download } = downloadsOf(lab);
    const fields = { userdata: '{"table":"b","n":1}' };
    const got = await publish({ type: 'url', url: `${base}/echo?table=a` });
    expect(await (await download(got, await order(got), { fields })).json()).toMatchObject({ search: '?table=a&n=1' });
    const posted = await publish({ type: 'url', url: `${base}/echo`, method: 'post' });
    expect(await (await download(posted, await order(posted), { fields })).json()).toMatchObject({
      search: '',
      body: '{"table":"b","n":1}',
    });
  });

  test("holds the consumer's parameters against what the publisher declared", async () => {
    const declared = { name: 'n', type: 'number', label: 'N', required: true, description: 'd', default: '1' };
    const asset = await publish({ type: 'url', url: `${base}/echo` }, { consumerParameters: [declared] });
    const { order, download, quote } = downloadsOf(lab);
    const transaction = await order(asset);
    const codeFor = async (userdata: string): Promise<unknown> => {
      const answer = await download(asset, transaction, { fields: userdata === '' ? {} : { userdata } });
      return answer.ok ? answer.status : ((await answer.json()) as { code: string }).code;
    };
    expect(await codeFor('')).toBe('CONSUMER_PARAMETER_MISSING');
    expect(await codeFor('{"n":"many"}')).toBe('CONSUMER_PARAMETER_INVALID');
    expect(await codeFor('{"n":"5"}')).toBe(200);
    expect(await codeFor('not json')).toBe('INVALID_REQUEST');
    expect((await quote(asset, { userdata: '{"n":"many"}' })).body).toMatchObject({
      code: 'CONSUMER_PARAMETER_INVALID',
      field: 'userdata',
    });
  });
});

test('a job reads files of every type, with its own parameters and a checksum over what they give', async () => {
  const query = { type: 'graphql', url: `${base}/graphql`, query: '{ a }' };
  const files = [{ type: 'ipfs', hash: 'QmHash' }, query, balanceOf('balanceOf')];
  const asset = await lab.publish({ type: 'dataset', files, compute: { allowRawAlgorithm: true } });
  const buyer = consumerOf(lab, lab.buyer);
  const raw = { meta: { rawcode: 'run()', container: CONTAINER } };
  const { body } = await buyer.initializeCompute(buyer.element(asset), raw);
  const quote = body as unknown as { datasets: [{ providerFee: unknown }] };
  const transferTxId = await buyer.order(asset, quote.datasets[0].providerFee);
  const userdata = { account: lab.stranger.address, n: 1 };
  const dataset = { ...buyer.element(asset, transferTxId), userdata };
  const started = await buyer.start(dataset, raw);
  expect(started).toMatchObject({ status: 200 });
  const inputs = lab.operator.started.at(-1)?.workflow.stages[0].input[0]?.files ?? [];
  const contents = await Promise.all(
    inputs.map(async ({ url, capability }) =>
      (await fetch(url ?? '', { headers: { authorization: `Bearer ${capability}` } })).text(),
    ),
  );
  const balance = await lab.stranger.ocean.balanceOf(lab.addresses.Ocean, lab.stranger.address);
  const echoed = JSON.stringify({
    search: '',
    body: JSON.stringify({ query: '{ a }', variables: userdata }),
    key: null,
  });
  expect(contents).toEqual([CSV, echoed, String(balance)]);
  expect(inputs.map(({ checksum }) => checksum)).toEqual(contents.map((content) => sha256Hex(content)));
});

describe('fileinfo', () => {
  const ask = (body: object) => exchange(consumerOf(lab, lab.buyer).api('fileinfo'), { body });

  test('of files of one’s own of every type', async () => {
    const facts = { index: 0, valid: true, contentLength: String(CSV.length), contentType: 'text/csv' };
    const checksum = { checksum: sha256Hex(CSV), checksumType: 'sha256' };
    expect((await ask({ type: 'ipfs', hash: 'QmHash', checksum: true })).body).toEqual([
      { ...facts, ...checksum, type: 'ipfs' },
    ]);
    expect((await ask({ type: 'arweave', transactionId: 'tx' })).body).toEqual([{ ...facts, type: 'arweave' }]);
    const graphql = await ask({ type: 'graphql', url: `${base}/graphql`, query: '{ a }' });
    expect(graphql.body).toMatchObject([{ valid: true, type: 'graphql', contentType: 'application/json' }]);
    const supply = await ask({
      ...balanceOf('totalSupply'),
      checksum: true,
      abi: {
        type: 'function',
        name: 'totalSupply',
        inputs: [],
        outputs: [{ type: 'uint256' }],
        stateMutability: 'view',
      },
    });
    expect(supply.body).toMatchObject([{ valid: true, type: 'smartcontract', checksumType: 'sha256' }]);
  });

  test('D10: of a contract, what is missing or wrong is said, and nothing breaks', async () => {
    expect(await ask(balanceOf('balanceOf'))).toMatchObject({
      status: 400,
      body: { error: 'Missing parameters', code: 'CONSUMER_PARAMETER_MISSING', field: 'userdata' },
    });
    const userdata = { account: lab.buyer.address };
    expect((await ask({ ...balanceOf('noSuchFunction'), userdata })).body).toEqual([
      { index: 0, valid: false, type: 'smartcontract', code: 'FILE_UNREACHABLE' },
    ]);
    expect(await ask({ ...balanceOf('balanceOf'), chainId: 1, userdata })).toMatchObject({
      status: 400,
      body: { code: 'CHAIN_UNSUPPORTED' },
    });
    expect(await ask({ type: 's3' })).toMatchObject({ status: 400, body: { code: 'FILE_TYPE_UNSUPPORTED' } });
  });
});

test('HEAD answers where nothing is signed, and takes no nonce elsewhere', async () => {
  const { api } = consumerOf(lab, lab.buyer);
  const head = async (url: string): Promise<number> => (await fetch(url, { method: 'HEAD' })).status;
  expect(await head(`${lab.provider().url}/`)).toBe(200);
  expect(await head(api(`nonce?userAddress=${lab.buyer.address}`))).toBe(200);
  expect(await head(api('computeEnvironments'))).toBe(200);
  expect(await head(api(`compute?consumerAddress=${lab.buyer.address}`))).toBe(200);
  for (const route of ['download', 'computeResult', 'createAuthToken', 'input'])
    expect([route, await head(api(route))]).toEqual([route, 405]);
});

test('validateContainer gives a complete section back, and says what another lacks', async () => {
  const check = (body: object) => exchange(consumerOf(lab, lab.buyer).api('validateContainer'), { body });
  const whole = { entrypoint: 'node $ALGO', image: 'node', tag: '24', checksum: `sha256:${'ab'.repeat(32)}`, extra: 1 };
  expect(await check(whole)).toEqual({ status: 200, body: whole });
  for (const key of ['entrypoint', 'image', 'checksum']) {
    expect(await check({ ...whole, [key]: '' })).toMatchObject({
      status: 400,
      body: { error: 'missing_entrypoint_image_checksum', code: 'CONTAINER_INCOMPLETE' },
    });
  }
  expect(await check({ ...whole, checksum: 'ab'.repeat(32) })).toMatchObject({
    status: 400,
    body: { error: 'checksum_prefix', code: 'CONTAINER_CHECKSUM' },
  });
  expect(await check([])).toMatchObject({ status: 400, body: { code: 'CONTAINER_INCOMPLETE' } });
});
