import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Contract } from 'ethers';
import { ERC20_TEMPLATE_ABI } from '../../../contracts/abi.ts';
import { connectChain } from '../../../contracts/rpc.ts';
import { systemClock } from '../../../core/clock.ts';
import { closeServer, listen } from '../../../core/http-listen.ts';
import { createNet } from '../../../core/net.ts';
import { recoverMessageSigner, signMessage } from '../../../core/protocol/signing.ts';
import { signedMessages } from '../../../core/protocol/signed-messages.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import type { ProviderLab, PublishedAsset } from './provider-lab.ts';
import { consumerOf, exchange, startProviderLab } from './provider-lab.ts';

interface Asked {
  readonly path: string;
  readonly body: Record<string, unknown>;
}

let lab: ProviderLab;
let open: PublishedAsset;
let url = '';
const asked: Asked[] = [];
let answer: { status: number; body: string } | 'silence' = { status: 200, body: 'true' };

/** A server of roles, and one that takes proofs. */
const server = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk: Buffer) => (text += chunk.toString()));
  request.on('end', () => {
    asked.push({ path: request.url ?? '', body: JSON.parse(text) as Record<string, unknown> });
    if (answer !== 'silence') response.writeHead(answer.status).end(answer.body);
  });
});

beforeAll(async () => {
  url = `http://127.0.0.1:${(await listen(server)).port}`;
  lab = await startProviderLab();
  lab.files.set('rows.csv', 'a,b\n');
  open = await lab.publish({ type: 'dataset', serviceType: 'access', files: ['rows.csv'] });
});
afterAll(async () => {
  await lab.stop();
  await closeServer(server);
});
beforeEach(() => {
  asked.length = 0;
  answer = { status: 200, body: 'true' };
});

const api = (route: string): string => consumerOf(lab, lab.buyer).api(route);

async function order(): Promise<string> {
  const query = new URLSearchParams({ documentId: open.did, serviceId: 'svc-1', consumerAddress: lab.buyer.address });
  const { body } = await exchange(api(`initialize?${query}`));
  return consumerOf(lab, lab.buyer).order(open, (body as Record<string, unknown>)['providerFee'], lab.buyer.address);
}

async function download(
  transferTxId: string,
): Promise<{ status: number; message: string; signature: string; code?: string }> {
  const nonce = await consumerOf(lab, lab.buyer).nextNonce();
  const message = signedMessages.download(open.did, nonce);
  const signature = signMessage(message, lab.buyer.privateKey);
  const fields = {
    documentId: open.did,
    serviceId: 'svc-1',
    transferTxId,
    fileIndex: '0',
    consumerAddress: lab.buyer.address,
    nonce,
    signature,
  };
  const response = await fetch(api(`download?${new URLSearchParams(fields)}`));
  const text = await response.text();
  return {
    status: response.status,
    message,
    signature,
    ...(response.ok ? {} : { code: (JSON.parse(text) as { code: string }).code }),
  };
}

describe('a server of roles', () => {
  const initialize = () =>
    exchange(
      api(
        `initialize?${new URLSearchParams({ documentId: open.did, serviceId: 'svc-1', consumerAddress: lab.buyer.address })}`,
      ),
    );

  beforeAll(() =>
    lab.killAndRestart({
      rbacUrl: `${url}/rbac`,
      isPrivate: true,
      limits: { upstreamTimeoutMs: 300, receiptWaitMs: 100 },
    }),
  );

  test('is asked before a quote, with the classic body and its signature', async () => {
    expect(await initialize()).toMatchObject({ status: 200 });
    const credentials = { type: 'address', value: lab.buyer.address };
    const [question] = asked;
    expect(question).toMatchObject({
      path: '/rbac',
      body: {
        eventType: 'initialize',
        component: 'provider',
        providerAddress: lab.provider().address,
        providerAccess: 'private',
        credentials,
        dids: [{ did: open.did, serviceId: 'svc-1' }],
      },
    });
    const text = `initialize{"type": "address", "value": "${lab.buyer.address}"}`;
    expect(recoverMessageSigner(text, String(question?.body['signature']))).toBe(lab.provider().address);
  });

  test('is asked before a download and every change of a job, with all that the job names', async () => {
    await download(`0x${'ab'.repeat(32)}`);
    const consumerAddress = lab.buyer.address;
    const element = (documentId: string) => ({ documentId, serviceId: 's' });
    const body = {
      consumerAddress,
      dataset: element('d1'),
      algorithm: element('a1'),
      additionalDatasets: [element('d2')],
    };
    await exchange(api('compute'), { body });
    await exchange(api('compute'), {
      body: { ...body, algorithm: { meta: { rawcode: 'x' } }, additionalDatasets: undefined },
    });
    await exchange(api('compute'), { method: 'PUT', body: { consumerAddress, jobId: 'j' } });
    await exchange(api('compute'), { method: 'DELETE', body: { consumerAddress, jobId: 'j', documentId: 'd1' } });
    expect(
      asked.map(({ body: { eventType, dids, algos, additionalDids } }) => [eventType, dids, algos, additionalDids]),
    ).toEqual([
      ['access', [{ did: open.did, serviceId: 'svc-1' }], undefined, undefined],
      ['compute', [{ did: 'd1', serviceId: 's' }], [{ did: 'a1', serviceId: 's' }], [{ did: 'd2', serviceId: 's' }]],
      ['compute', [{ did: 'd1', serviceId: 's' }], [], []],
      ['compute', [], [], []],
      ['compute', [{ did: 'd1', serviceId: null }], [], []],
    ]);
  });

  test('is not asked about what is open to every role', async () => {
    await exchange(api(`nonce?userAddress=${lab.buyer.address}`));
    await exchange(api('computeEnvironments'));
    await exchange(api(`compute?consumerAddress=${lab.buyer.address}`));
    expect(asked).toEqual([]);
  });

  test.each([
    ['D9: refuses', { status: 200, body: 'false' }, 403, 'RBAC_DENIED'],
    ['refuses with an empty list', { status: 200, body: '[]' }, 403, 'RBAC_DENIED'],
    ['allows in more words', { status: 200, body: '{"allowed":1}' }, 200, undefined],
    ['breaks down', { status: 500, body: 'true' }, 502, 'RBAC_UNREACHABLE'],
    ['redirects', { status: 302, body: 'true' }, 502, 'RBAC_UNREACHABLE'],
    ['answers no JSON', { status: 200, body: '<html>' }, 502, 'RBAC_UNREACHABLE'],
    ['answers without end', { status: 200, body: `"${'x'.repeat(70_000)}"` }, 502, 'RBAC_UNREACHABLE'],
    ['is silent', 'silence', 502, 'RBAC_UNREACHABLE'],
  ] as const)('that %s', async (_name, said, status, code) => {
    answer = said;
    const answered = await initialize();
    expect([answered.status, answered.body['code']]).toEqual([status, code]);
  });
});

describe('proofs of download', () => {
  test('are posted, with what both sides signed', async () => {
    await lab.killAndRestart({ downloadProofs: { url: `${url}/proofs` } });
    const orderTxId = await order();
    const { status, message, signature } = await download(orderTxId);
    expect(status).toBe(200);
    await lab.provider().stop(); // proofs are on their way until then
    expect(asked).toEqual([
      {
        path: '/proofs',
        body: {
          orderTxId,
          providerData: JSON.stringify({ documentId: open.did, serviceId: 'svc-1', fileIndex: 0 }),
          providerSignature: expect.stringMatching(/^0x[0-9a-f]{130}$/) as string,
          consumerData: message,
          consumerSignature: signature,
          consumerAddress: lab.buyer.address,
        },
      },
    ]);
  });

  test('on chain: the datatoken checks both signatures and says that the order was served', async () => {
    await lab.killAndRestart({ downloadProofs: 'chain' });
    const net = createNet();
    const rpc = connectChain({ rpcUrl: lab.chain.rpcUrl, chainId: lab.chain.chainId, net });
    const datatoken = new Contract(open.datatoken, ERC20_TEMPLATE_ABI, rpc);
    const orderTxId = await order();
    const done = await Promise.all([download(orderTxId), download(orderTxId)]);
    const served = done.filter(({ status }) => status === 200);
    const events = await waitUntil(
      'the events',
      async () => {
        const found = await datatoken.queryFilter('OrderExecuted', 0);
        return found.length >= served.length ? found : undefined;
      },
      { clock: systemClock, timeoutMs: 5_000 },
    );
    const [event] = events as unknown as { args: Iterable<unknown> }[];
    expect([...(event?.args ?? [])].slice(0, 3)).toEqual([lab.provider().address, lab.buyer.address, orderTxId]);
    rpc.destroy();
    await net.close();
  });

  test('that nobody takes hold nobody up: the download is served, and the log says so', async () => {
    await lab.killAndRestart({ downloadProofs: { url: 'http://127.0.0.1:1/' } });
    expect((await download(await order())).status).toBe(200);
    await lab.provider().stop();
    expect(lab.logged.map(({ message }) => message)).toContain('A proof of a download could not be sent.');
    await lab.killAndRestart();
  });
});
