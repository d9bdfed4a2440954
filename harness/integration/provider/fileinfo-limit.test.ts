import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { closeServer, listen } from '../../../core/http-listen.ts';
import { containerSectionChecksum, filesChecksum } from '../../../core/protocol/checksums.ts';
import { sha256Hex } from '../../../core/protocol/hashing.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import type { ProviderLab } from './provider-lab.ts';
import { CONTAINER, consumerOf, exchange, startProviderLab } from './provider-lab.ts';

let lab: ProviderLab;
/** A host that keeps the second half of every file to itself until it is told. */
const held: ServerResponse[] = [];
const host = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.write('half', () => held.push(response));
});
let hostUrl = '';

beforeAll(async () => {
  hostUrl = `http://127.0.0.1:${(await listen(host)).port}`;
  lab = await startProviderLab({ limits: { checksums: 1, checksumsWaiting: 1 } });
});
afterAll(async () => {
  await lab?.stop();
  await closeServer(host);
});

const ask = (checksum: boolean) =>
  exchange(consumerOf(lab, lab.buyer).api('fileinfo'), {
    body: { type: 'url', method: 'GET', url: hostUrl, checksum },
  });
const asked = (count: number): Promise<true> =>
  waitUntil(`request ${count} at the host`, () => held.length >= count || undefined, {
    clock: systemClock,
    timeoutMs: 5_000,
    intervalMs: 2,
  });

test('D5: of unsigned requests for checksums some are worked on, some wait, and one more is refused', async () => {
  const first = ask(true);
  await asked(1);
  // One of the two waits, the other is one too many: which came first is the network's business.
  const others = [ask(true), ask(true)];
  expect(await Promise.race(others)).toMatchObject({
    status: 429,
    body: { code: 'TOO_MANY_CHECKSUMS', field: 'checksum', rule: 'checksum.limit' },
  });
  expect(held).toHaveLength(1);
  // Without a checksum nobody waits.
  expect(await ask(false)).toMatchObject({ status: 200, body: [{ valid: true }] });

  held[0]?.end('whole');
  expect(await first).toMatchObject({ status: 200, body: [{ checksum: sha256Hex('halfwhole') }] });
  await asked(3);
  held[2]?.end('whole');
  expect((await Promise.all(others)).map(({ status }) => status)).toEqual(expect.arrayContaining([200, 429]));
});

test('D5: a quote that has to hash an algorithm is one of them', async () => {
  const algorithm = await lab.publish({ type: 'algorithm', files: [{ type: 'url', method: 'GET', url: hostUrl }] });
  const trusted = {
    did: algorithm.did,
    filesChecksum: filesChecksum([sha256Hex('halfwhole')]),
    containerSectionChecksum: containerSectionChecksum(CONTAINER),
  };
  lab.files.set('a.csv', 'a');
  const compute = { publisherTrustedAlgorithms: [trusted] };
  const dataset = await lab.publish({ type: 'dataset', files: ['a.csv'], compute });
  const buyer = consumerOf(lab, lab.buyer);
  const quote = () => buyer.initializeCompute(buyer.element(dataset), buyer.element(algorithm));
  const before = held.length;
  const first = ask(true);
  await asked(before + 1);
  const quotes = [quote(), quote()];
  expect(await Promise.race(quotes)).toMatchObject({
    status: 429,
    body: { code: 'TOO_MANY_CHECKSUMS', field: 'algorithm', rule: 'checksum.limit' },
  });
  expect(held).toHaveLength(before + 1);
  held.at(-1)?.end('whole');
  expect(await first).toMatchObject({ status: 200 });
  await asked(before + 2);
  held.at(-1)?.end('whole');
  expect((await Promise.all(quotes)).map(({ status }) => status)).toEqual(expect.arrayContaining([200, 429]));
});

test('a file that never ends gives its place free, without a checksum', async () => {
  await lab.killAndRestart({ limits: { readMs: 50 } });
  const { status, body } = await ask(true);
  expect([status, body]).toEqual([200, [{ index: 0, valid: true, type: 'url', contentType: 'text/plain' }]]);
});
