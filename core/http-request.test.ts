import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { closeServer, listen } from './http-listen.ts';
import { readBody, sendRequest } from './http-request.ts';
import type { Net } from './net.ts';
import { createNet } from './net.ts';

let net: Net;
let server: Server;
let url = '';
beforeEach(async () => {
  net = createNet();
  server = createServer((request, response) => {
    if (request.url === '/elsewhere') return void response.writeHead(302, { location: '/' }).end();
    if (request.url === '/half') return void response.write('half');
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => response.setHeader('X-Method', request.method ?? '').end(`got ${body}`));
  });
  url = `http://127.0.0.1:${(await listen(server)).port}`;
});
afterEach(async () => {
  await net.close();
  await closeServer(server);
});

const tooLarge = (): Error => new Error('too large');

it('sends a request and gives the answer, whatever its status; it goes nowhere else', async () => {
  const answer = await sendRequest(net, url, { method: 'POST', body: 'this' });
  expect([answer.status, answer.header('x-method'), answer.header('none')]).toEqual([200, 'POST', undefined]);
  expect((await readBody(answer.body, 100, tooLarge)).toString()).toBe('got this');
  const redirect = await sendRequest(net, `${url}/elsewhere`);
  expect([redirect.status, redirect.header('Location')]).toEqual([302, '/']);
  redirect.body.destroy();
});

it('reads no more than it may', async () => {
  const answer = await sendRequest(net, url, { method: 'POST', body: 'x'.repeat(100) });
  await expect(readBody(answer.body, 50, tooLarge)).rejects.toThrow('too large');
});

it('ends with what aborted it, and reaches nobody once it is cut off', async () => {
  const reason = new Error('enough');
  await expect(sendRequest(net, url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  net.fence();
  await expect(sendRequest(net, url)).rejects.toMatchObject({ code: 'NET_FENCED' });
});

it('an answer that breaks off before anybody reads it ends nothing but itself', async () => {
  const { body } = await sendRequest(net, `${url}/half`);
  net.fence();
  await new Promise((resolve) => body.once('close', resolve));
  expect(body.errored).toBeInstanceOf(Error);
  await expect(readBody(body, 100, tooLarge)).rejects.toThrow(/./);
});
