import { afterEach, describe, expect, it } from 'vitest';
import type { RunningJsonRpcServer } from './json-rpc-server.ts';
import { startJsonRpcServer } from './json-rpc-server.ts';

let server: RunningJsonRpcServer | undefined;
afterEach(() => server?.stop());

describe('startJsonRpcServer', () => {
  it('answers browsers that ask first, and refuses other verbs', async () => {
    server = await startJsonRpcServer(() => Promise.resolve('ok'));
    const preflight = await fetch(server.url, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect((await fetch(server.url)).status).toBe(405);
  });

  it('refuses a body that is too large, and lives on', async () => {
    server = await startJsonRpcServer(() => Promise.resolve('ok'));
    const { url } = server;
    const post = (body: string): Promise<Response> => fetch(url, { method: 'POST', body });
    // The server may answer or cut the connection while the body is still being sent.
    const refused = await post(' '.repeat(17 * 1024 * 1024)).then(
      ({ status }) => status,
      () => 413,
    );
    expect(refused).toBe(413);
    expect(await (await post('{"id":1,"method":"x"}')).json()).toEqual({ jsonrpc: '2.0', id: 1, result: 'ok' });
  });

  it('runs a batch one call after the other, and refuses an endless one', async () => {
    const running: string[] = [];
    server = await startJsonRpcServer(async ({ method }) => {
      running.push(`start ${method}`);
      await Promise.resolve();
      running.push(`end ${method}`);
    });
    const post = (body: unknown): Promise<Response> =>
      fetch(server?.url ?? '', { method: 'POST', body: JSON.stringify(body) });
    await post([{ method: 'a' }, { method: 'b' }]);
    expect(running).toEqual(['start a', 'end a', 'start b', 'end b']);
    const answer = await post(Array.from({ length: 1_001 }, () => ({ method: 'a' })));
    expect(await answer.json()).toMatchObject({ error: { code: -32_600 } });
  });
});
