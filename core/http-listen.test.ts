import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { closeServer, listen } from './http-listen.ts';

it('answers on further addresses at the same port, and on none after it was closed', async () => {
  const server = createServer((request, answer) => answer.end(`asked by ${request.socket.localAddress}`));
  const { host, port } = await listen(server, { alsoOn: ['127.0.0.2', '127.0.0.3'] });
  const ask = async (address: string): Promise<string> => (await fetch(`http://${address}:${port}`)).text();
  expect(await Promise.all([host, '127.0.0.2', '127.0.0.3'].map(ask))).toEqual([
    'asked by 127.0.0.1',
    'asked by 127.0.0.2',
    'asked by 127.0.0.3',
  ]);
  await expect(ask('127.0.0.4')).rejects.toThrow('fetch failed');
  await closeServer(server);
  await expect(ask('127.0.0.2')).rejects.toThrow('fetch failed');
});
