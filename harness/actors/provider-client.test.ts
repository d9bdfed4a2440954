import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { closeServer, listen } from '../../core/http-listen.ts';
import { createNet } from '../../core/net.ts';
import { addressOfPrivateKey, recoverMessageSigner } from '../../core/protocol/signing.ts';
import { followJob } from './follow-job.ts';
import { OutsideHttp } from './outside-http.ts';
import { ProviderClient, withFields } from './provider-client.ts';

const KEY = `0x${'11'.repeat(32)}`;
const OTHER_KEY = `0x${'22'.repeat(32)}`;
const ADDRESS = addressOfPrivateKey(KEY);

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly body: Record<string, unknown>;
}

const net = createNet();
let seen: Seen[] = [];
let captured: string[] = [];
let respond: (request: Seen, response: ServerResponse) => void = (_request, response) => void response.end('{}');
const server = createServer((request, response) => void serve(request, response));
let client: ProviderClient;
let isAway = false;
let url = '';

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  const one = { method: request.method ?? '', path: pathname, query: Object.fromEntries(searchParams), body };
  if (pathname.endsWith('/nonce')) return void (isAway ? response.writeHead(503) : response).end('{"nonce":"41"}');
  seen.push(one);
  respond(one, response);
}

beforeAll(async () => {
  url = `http://127.0.0.1:${(await listen(server)).port}`;
});
afterAll(async () => {
  await net.close();
  await closeServer(server);
});
afterEach(() => {
  isAway = false;
  seen = [];
  captured = [];
  respond = (_request, response) => void response.end('{}');
});

const newClient = (): ProviderClient => {
  const http = new OutsideHttp({
    net,
    who: 'US lab',
    onAnswer: ({ where, status }) => captured.push(`${where} ${status}`),
  });
  client = new ProviderClient({ http, providerUrl: url, address: ADDRESS, privateKey: KEY });
  return client;
};
const stop = {
  method: 'PUT',
  route: 'compute',
  message: (nonce: string) => `message ${nonce}`,
  fields: { consumerAddress: ADDRESS, jobId: 'j', dataset: { id: 'd', tx: 't' } },
} as const;

describe('a signed request', () => {
  test('is refused while the Provider tells no nonce, and takes the right one afterwards', async () => {
    newClient();
    isAway = true;
    expect(await client.signed(stop)).toMatchObject({ ok: false, refusal: { status: 503 } });
    await expect(client.nonce()).rejects.toThrow('The Provider tells no nonce');
    isAway = false;
    expect(await client.signed(stop)).toMatchObject({ ok: true });
    expect(seen.map(({ body }) => body['nonce'])).toEqual(['42']);
  });

  test("is signed by the actor, with nonces that rise from the Provider's", async () => {
    newClient();
    await Promise.all([client.signed(stop), client.signed(stop), client.signed({ ...stop, method: 'GET' })]);
    const [one, two, three] = seen;
    expect([one?.body['nonce'], two?.body['nonce'], three?.query['nonce']]).toEqual(['42', '43', '44']);
    expect(recoverMessageSigner('message 42', String(one?.body['signature']))).toBe(ADDRESS);
    expect(three).toMatchObject({ method: 'GET', query: { jobId: 'j' }, body: {} });
    expect(captured).toEqual([
      'US lab GET /api/services/nonce 200',
      'US lab PUT /api/services/compute 200',
      'US lab PUT /api/services/compute 200',
      'US lab GET /api/services/compute 200',
    ]);
  });

  test('can differ from the honest one in exactly one input', async () => {
    newClient();
    await client.signed(stop, { nonce: '7' });
    await client.signed(stop, { privateKey: OTHER_KEY });
    await client.signed(stop, { message: 'another text' });
    await client.signed(stop, { signature: '0xff' });
    await client.signed(stop, { fields: { 'dataset.tx': 'other', jobId: undefined } });
    const [nonce, key, message, signature, fields] = seen.map(({ body }) => body);
    expect(recoverMessageSigner('message 7', String(nonce?.['signature']))).toBe(ADDRESS);
    expect(recoverMessageSigner('message 42', String(key?.['signature']))).toBe(addressOfPrivateKey(OTHER_KEY));
    expect(recoverMessageSigner('another text', String(message?.['signature']))).toBe(ADDRESS);
    expect(signature?.['signature']).toBe('0xff');
    expect(fields).toMatchObject({ dataset: { id: 'd', tx: 'other' } });
    expect(fields).not.toHaveProperty('jobId');
    expect(recoverMessageSigner('message 45', String(fields?.['signature']))).toBe(ADDRESS);
  });
});

test('a replaced field leaves the original as it was', () => {
  const body = { a: { b: 1 } };
  expect(withFields(body, { 'a.b': 2, 'c.d': 3 })).toEqual({ a: { b: 2 }, c: { d: 3 } });
  expect(body).toEqual({ a: { b: 1 } });
});

describe('refusals are values', () => {
  test.each([
    [
      {
        error: { 'dataset.serviceId': 'order_invalid' },
        code: 'ORDER_TX_NOT_FOUND',
        field: 'f',
        rule: 'r',
        explain: 'Why.',
      },
      { code: 'ORDER_TX_NOT_FOUND', field: 'f', rule: 'r', message: 'Why.' },
    ],
    [{ error: 'classic' }, { message: 'classic' }],
    [{ error: { a: 'b' } }, { message: '{"a":"b"}' }],
  ])('%j', async (body, refusal) => {
    respond = (_request, response) => void response.writeHead(400).end(JSON.stringify(body));
    expect(await newClient().signed(stop)).toMatchObject({ ok: false, refusal: { status: 400, ...refusal } });
    expect(captured.at(-1)).toBe('US lab PUT /api/services/compute 400');
  });

  test('so is a Provider that is not there', async () => {
    const http = new OutsideHttp({ net, who: 'US lab' });
    const gone = new ProviderClient({ http, providerUrl: 'http://127.0.0.1:1', address: ADDRESS, privateKey: KEY });
    expect(await gone.ask('compute')).toMatchObject({ ok: false, refusal: { status: 0, code: 'UNREACHABLE' } });
  });
});

describe('following a job', () => {
  const job = (status: number, dateFinished: string | null, jobId = 'j'): string =>
    `event: job\ndata: ${JSON.stringify({ jobId, status, statusText: 's', dateFinished })}\n\n`;
  const selector = { consumerAddress: ADDRESS, jobId: 'j' };

  test('tells every state, and ends with the end; other jobs and broken streams do not matter', async () => {
    let connections = 0;
    respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (++connections === 1) {
        response.write(`: connected\n\n${job(70, '1', 'another')}${job(1, null)}`, () => response.destroy());
        return;
      }
      response.write(job(40, null).slice(0, 20));
      response.end(job(40, null).slice(20) + job(70, '2'));
    };
    const states: number[] = [];
    const ended = await followJob(newClient(), systemClock, selector, {
      onChange: ({ status }) => states.push(status),
    });
    expect(ended).toMatchObject({ status: 70, dateFinished: '2' });
    expect(states).toEqual([1, 40, 70]);
    expect(seen[0]?.query).toEqual(selector);
  });

  test('gives up in time and says what it saw last', async () => {
    respond = (_request, response) => void response.writeHead(200).write(job(40, null));
    await expect(followJob(newClient(), systemClock, selector, { timeoutMs: 60 })).rejects.toThrow(
      expect.objectContaining({
        code: 'JOB_NOT_FINISHED',
        details: { jobId: 'j', last: { status: 40, statusText: 's' } },
      }),
    );
  });
});
