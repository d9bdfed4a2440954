import { Contract, ContractFactory } from 'ethers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { erc20Template } from '../../../contracts/abi.ts';
import { deployOddContract, readOddArtifacts } from '../../../contracts/odd-contracts.ts';
import type { ProviderFee } from '../../../core/protocol/provider-fee.ts';
import { signMessage } from '../../../core/protocol/signing.ts';
import { signedMessages } from '../../../core/protocol/signed-messages.ts';
import { statusMessage } from '../../../provider/routes/compute-status.ts';
import { ENVIRONMENT_ADDRESS } from './operator-double.ts';
import type { ProviderLab, PublishedAsset } from './provider-lab.ts';
import { consumerOf, exchange, startProviderLab } from './provider-lab.ts';

/** Who asks: an address, and the key that signs for it. Of a contract wallet the key is its owner's. */
interface Consumer {
  readonly address: string;
  readonly key: string;
  readonly isContract: boolean;
}

let lab: ProviderLab;
let open: PublishedAsset;
let dataset: PublishedAsset;
let algorithm: PublishedAsset;
let key: Consumer;
let wallet: Consumer;
const nonces = new Map<string, number>();

beforeAll(async () => {
  lab = await startProviderLab();
  lab.files.set('rows.csv', 'a,b\n');
  lab.files.set('algo.js', 'run()');
  open = await lab.publish({ type: 'dataset', serviceType: 'access', files: ['rows.csv'] });
  dataset = await lab.publish({ type: 'dataset', files: ['rows.csv'] });
  algorithm = await lab.publish({ type: 'algorithm', files: ['algo.js'] });
  const { target } = await deployOddContract('ContractWallet', lab.buyer.wallet, [lab.buyer.address]);
  key = { address: lab.buyer.address, key: lab.buyer.privateKey, isContract: false };
  wallet = { ...key, address: target, isContract: true };
});
afterAll(() => lab.stop());

const api = (route: string): string => consumerOf(lab, lab.buyer).api(route);

function nextNonce({ address }: Consumer): string {
  const nonce = (nonces.get(address) ?? 1000) + 1;
  nonces.set(address, nonce);
  return String(nonce);
}

async function order(who: Consumer, asset: PublishedAsset, fee: unknown, consumer: string): Promise<string> {
  const providerFee = fee as ProviderFee;
  await lab.owner.ocean.mint(asset.datatoken, who.address);
  if (!who.isContract) {
    const request = { datatoken: asset.datatoken, consumer, serviceIndex: 0, providerFee };
    return (await lab.buyer.ocean.startOrder(request)).transactionHash;
  }
  const { providerFeeAddress, providerFeeToken, providerFeeAmount, v, r, s, validUntil, providerData } = providerFee;
  const data = erc20Template.encodeFunctionData('startOrder', [
    consumer,
    0,
    [providerFeeAddress, providerFeeToken, providerFeeAmount, v, r, s, validUntil, providerData],
    [lab.owner.address, lab.addresses.Ocean, 0],
  ]);
  const abi = (await readOddArtifacts())['ContractWallet']?.abi ?? [];
  const contract = new Contract(who.address, abi, lab.buyer.wallet);
  const sent = (await contract.getFunction('execute')(asset.datatoken, 0, data)) as {
    hash: string;
    wait(): Promise<unknown>;
  };
  await sent.wait();
  return sent.hash;
}

/** Everything that a consumer needs for one request of each signed route. */
interface Bought {
  readonly downloadTx: string;
  readonly datasetTx: string;
  readonly algorithmTx: string;
}

async function buy(who: Consumer): Promise<Bought> {
  const query = new URLSearchParams({ documentId: open.did, serviceId: 'svc-1', consumerAddress: who.address });
  const access = (await exchange(api(`initialize?${query}`))).body as unknown as { providerFee: unknown };
  const buyer = consumerOf(lab, lab.buyer);
  const { body } = await exchange(api('initializeCompute'), {
    body: {
      datasets: [buyer.element(dataset)],
      algorithm: buyer.element(algorithm),
      compute: { env: 'free', validUntil: 4_000_000_000 },
      consumerAddress: who.address,
    },
  });
  const quote = body as unknown as { datasets: [{ providerFee: unknown }]; algorithm: { providerFee: unknown } };
  return {
    downloadTx: await order(who, open, access.providerFee, who.address),
    datasetTx: await order(who, dataset, quote.datasets[0].providerFee, ENVIRONMENT_ADDRESS),
    algorithmTx: await order(who, algorithm, quote.algorithm.providerFee, ENVIRONMENT_ADDRESS),
  };
}

/** Fields of a request and the text that has to be signed for it. */
interface SignedRequest {
  readonly route: string;
  readonly method: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

type RequestOf = (who: Consumer, nonce: string, bought: Bought, jobId: string) => SignedRequest;

/** In the order of a consumer's day: each leaves the next one something to do. */
const ROUTES: readonly RequestOf[] = [
  ({ address: decrypterAddress }, nonce) => ({
    route: 'decrypt',
    method: 'POST',
    fields: { decrypterAddress, chainId: 8996, dataNftAddress: open.nft, transactionId: open.metadataTx },
    message: signedMessages.decrypt(open.metadataTx, decrypterAddress, '8996', nonce),
  }),
  ({ address: consumerAddress }, nonce, { downloadTx: transferTxId }) => ({
    route: 'download',
    method: 'GET',
    fields: { documentId: open.did, serviceId: 'svc-1', transferTxId, fileIndex: '0', consumerAddress },
    message: signedMessages.download(open.did, nonce),
  }),
  ({ address: consumerAddress }, nonce, { datasetTx, algorithmTx }) => ({
    route: 'compute',
    method: 'POST',
    fields: {
      consumerAddress,
      environment: 'free',
      dataset: { documentId: dataset.did, serviceId: 'svc-1', transferTxId: datasetTx },
      algorithm: { documentId: algorithm.did, serviceId: 'svc-1', transferTxId: algorithmTx },
    },
    message: signedMessages.computeStart({ consumerAddress, documentId: dataset.did, nonce }),
  }),
  ({ address: consumerAddress }, nonce, _bought, jobId) => ({
    route: 'compute',
    method: 'GET',
    fields: { consumerAddress, jobId },
    message: statusMessage(consumerAddress, jobId, nonce),
  }),
  ({ address: consumerAddress }, nonce, _bought, jobId) => ({
    route: 'compute',
    method: 'PUT',
    fields: { consumerAddress, jobId, documentId: dataset.did },
    message: signedMessages.computeChange({ consumerAddress, jobId, documentId: dataset.did, nonce }),
  }),
  ({ address: consumerAddress }, nonce, _bought, jobId) => ({
    route: 'computeResult',
    method: 'GET',
    fields: { consumerAddress, jobId, index: '0' },
    message: signedMessages.computeResult(consumerAddress, jobId, '0', nonce),
  }),
  ({ address: consumerAddress }, nonce, _bought, jobId) => ({
    route: 'compute',
    method: 'DELETE',
    fields: { consumerAddress, jobId, documentId: dataset.did },
    message: signedMessages.computeChange({ consumerAddress, jobId, documentId: dataset.did, nonce }),
  }),
];

interface Proven {
  readonly signature?: string;
  readonly authToken?: string;
}

async function send(request: SignedRequest, nonce: string, { signature, authToken }: Proven) {
  const fields = { ...request.fields, nonce, ...(signature === undefined ? {} : { signature }) };
  const isQuery = request.method === 'GET';
  const query = isQuery ? `?${new URLSearchParams(fields as unknown as Record<string, string>)}` : '';
  const response = await fetch(api(request.route) + query, {
    method: request.method,
    headers: {
      ...(isQuery ? {} : { 'content-type': 'application/json' }),
      ...(authToken === undefined ? {} : { AuthToken: authToken }),
    },
    ...(isQuery ? {} : { body: JSON.stringify(fields) }),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text };
}

async function tokenOf({ address, key: privateKey, ...rest }: Consumer): Promise<string> {
  const nonce = nextNonce({ address, key: privateKey, ...rest });
  const signature = signMessage(signedMessages.authToken(address, nonce), privateKey);
  const query = new URLSearchParams({ address, nonce, signature, expiration: '4000000000' });
  const { status, body } = await exchange(api(`createAuthToken?${query}`));
  expect({ status, body }).toMatchObject({ status: 200 });
  return String((body as Record<string, unknown>)['token']);
}

async function goThrough(who: Consumer, prove: (message: string) => Proven): Promise<string[]> {
  const bought = await buy(who);
  let jobId = 'not-started';
  const answers: string[] = [];
  for (const requestOf of ROUTES) {
    const nonce = nextNonce(who);
    const request = requestOf(who, nonce, bought, jobId);
    const { status, body } = await send(request, nonce, prove(request.message));
    const code = (body as { code?: string }).code;
    answers.push(`${request.method} ${request.route} ${status}${code === undefined ? '' : ` ${code}`}`);
    jobId = (body as [{ jobId?: string }])[0]?.jobId ?? jobId;
  }
  return answers;
}

const ALL_SERVED = [
  'POST decrypt 201',
  'GET download 200',
  'POST compute 200',
  'GET compute 200',
  'PUT compute 200',
  'GET computeResult 200',
  'DELETE compute 200',
];

describe('every signed route takes', () => {
  test("a key's signature", async () => {
    expect(await goThrough(key, (message) => ({ signature: signMessage(message, key.key) }))).toEqual(ALL_SERVED);
  });

  test("a key's AuthToken", async () => {
    const authToken = await tokenOf(key);
    expect(await goThrough(key, () => ({ authToken }))).toEqual(ALL_SERVED);
  });

  test("a contract wallet's signature (ERC-1271), for orders that the wallet paid", async () => {
    expect(await goThrough(wallet, (message) => ({ signature: signMessage(message, wallet.key) }))).toEqual(ALL_SERVED);
  });

  test("a contract wallet's AuthToken, until the wallet deletes it", async () => {
    const authToken = await tokenOf(wallet);
    expect(await goThrough(wallet, () => ({ authToken }))).toEqual(ALL_SERVED);
    const nonce = nextNonce(wallet);
    const signature = signMessage(signedMessages.authToken(wallet.address, nonce), wallet.key);
    const fields = { address: wallet.address, token: authToken, nonce, signature };
    expect(await exchange(api('deleteAuthToken'), { method: 'DELETE', body: fields })).toMatchObject({ status: 200 });
    const request = ROUTES[3]?.(wallet, '9', { downloadTx: '', datasetTx: '', algorithmTx: '' }, 'j');
    if (!request) throw new Error('no such route');
    expect(await send(request, nextNonce(wallet), { authToken })).toMatchObject({ body: { code: 'TOKEN_REVOKED' } });
  });

  test('no signature that is not the one', async () => {
    const refused = (code: string): string[] => ALL_SERVED.map((line) => line.replace(/\d+$/, `400 ${code}`));
    const forged = (message: string): Proven => ({ signature: signMessage(message, lab.stranger.privateKey) });
    expect(await goThrough(wallet, forged)).toEqual(refused('SIGNATURE_INVALID'));
    expect(await goThrough(wallet, () => ({ signature: `0x${'ab'.repeat(200)}` }))).toEqual(
      refused('SIGNATURE_INVALID'),
    );
    const others = await tokenOf(key);
    expect(await goThrough(wallet, () => ({ authToken: others }))).toEqual(refused('TOKEN_INVALID'));
  });
});

describe('a contract that misbehaves stands by nothing, and the Provider answers', () => {
  /** Constructor that returns the code behind it. */
  const deploying = (code: string): string =>
    `0x60${(code.length / 2).toString(16).padStart(2, '0')}600c60003960${(code.length / 2).toString(16).padStart(2, '0')}6000f3${code}`;

  test.each([
    ['burns all gas', '5b600056'],
    ['reverts with a megabyte', '621000006000fd'],
    ['answers a megabyte', '621000006000f3'],
    ['answers nothing', '00'],
  ])('%s', async (_name, code) => {
    const deployed = await new ContractFactory([], deploying(code), lab.buyer.wallet).deploy();
    await deployed.waitForDeployment();
    const who = { address: String(deployed.target), key: lab.buyer.privateKey };
    const signature = signMessage(signedMessages.authToken(who.address, '7'), who.key);
    const query = new URLSearchParams({ address: who.address, nonce: '7', signature, expiration: '4000000000' });
    expect(await exchange(api(`createAuthToken?${query}`))).toMatchObject({
      status: 400,
      body: { code: 'SIGNATURE_INVALID' },
    });
  });
});
