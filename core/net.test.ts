import { createServer } from 'node:http';
import { request } from 'undici';
import { afterAll, expect, test } from 'vitest';
import { closeServer, listen } from './http-listen.ts';
import { createNet } from './net.ts';

const server = createServer((asked, answer) => answer.end(`found ${asked.url}`));
const { port } = await listen(server);
afterAll(() => closeServer(server));

test('an alias leads requests for one origin to another, and leaves the rest alone', async () => {
  const net = createNet({ aliases: { 'http://172.15.0.4:8030': `http://127.0.0.1:${port}` } });
  expect(await (await net.fetch('http://172.15.0.4:8030/a?b=c')).text()).toBe('found /a?b=c');
  const { body } = await request('http://172.15.0.4:8030/d', { dispatcher: net.dispatcher });
  expect(await body.text()).toBe('found /d');
  expect(await (await net.fetch(`http://127.0.0.1:${port}/e`)).text()).toBe('found /e');
  net.fence();
  await expect(net.fetch('http://172.15.0.4:8030/')).rejects.toThrow('cut off');
  await net.close();
});
