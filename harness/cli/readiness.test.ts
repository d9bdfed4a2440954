import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { afterAll, expect, test } from 'vitest';
import type { Clock } from '../../core/clock.ts';
import { systemClock } from '../../core/clock.ts';
import { closeServer, listen } from '../../core/http-listen.ts';
import { createNet } from '../../core/net.ts';
import type { Endpoints } from '../running-testbed.ts';
import { requireReady } from './readiness.ts';

const servers: Server[] = [];
const net = createNet();
afterAll(async () => {
  await net.close();
  await Promise.all(servers.map(closeServer));
});

async function serve(answer: unknown, status = 200): Promise<string> {
  const server = createServer((_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer)),
  );
  servers.push(server);
  const { port } = await listen(server);
  return `http://127.0.0.1:${port}`;
}

const offers = { '8996': [{ id: 'ocean-compute' }] };

async function endpoints(changes: Partial<Endpoints> = {}): Promise<Endpoints> {
  const ok = await serve({});
  const provider = { name: 'provider', url: await serve(offers), address: '0x', operatorServiceUrl: ok };
  return {
    chainId: 8996,
    rpcUrl: await serve({ result: '0x2324' }),
    metadataCacheUrl: ok,
    providers: [provider],
    s3: { endpoint: await serve({}, 403) },
    ...changes,
  } as unknown as Endpoints;
}

const lines = ['{"part":"provider2","message":"disk full"}', '{"part":"chain","message":"other"}'];
let now = 0;
/** Waiting takes no time: how often a part is asked depends on the clock alone. */
const clock: Clock = { ...systemClock, now: () => now, sleep: async (ms) => void (now += ms) };
const options = { net, clock, logLines: () => lines, timeoutMs: 300 };

test('every endpoint that answers as it should is ready', async () => {
  expect(await requireReady(await endpoints(), options)).toBeUndefined();
});

test('a part that does not is named, with what it wrote last', async () => {
  const { providers } = await endpoints();
  const [provider] = providers;
  if (!provider) throw new Error('no provider');
  const broken = await endpoints({ providers: [provider, { ...provider, url: await serve({ '8996': [] }) }] });
  const problem = requireReady(broken, options);
  await expect(problem).rejects.toMatchObject({ code: 'NOT_READY', details: { part: 'provider2' } });
  await expect(problem).rejects.toThrow(/offers no compute environment.*disk full/s);
  await expect(problem).rejects.not.toThrow('other');
});

test.each([
  ['chain', { rpcUrl: 'http://127.0.0.1:1' }],
  ['metadata-cache', { metadataCacheUrl: 'http://127.0.0.1:1' }],
])('%s is missed', async (part, changes) => {
  await expect(requireReady(await endpoints(changes), options)).rejects.toThrow(`${part} at http://127.0.0.1:1`);
});

test('another chain is not ours', async () => {
  const changes = { rpcUrl: await serve({ result: '0x1' }) };
  await expect(requireReady(await endpoints(changes), options)).rejects.toThrow('it says that it is chain 0x1');
});
