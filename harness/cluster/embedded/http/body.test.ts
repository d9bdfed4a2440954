import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededEntropy } from '../../../../core/entropy.ts';
import { VirtualClock } from '../../../../core/virtual-clock.ts';
import type { RunningApiServer } from '../api-server.ts';
import { startApiServer } from '../api-server.ts';
import { RawClient } from '../testing/http-client.testing.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const map = (name: string, more: object): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
});

describe('bodies', () => {
  let server: RunningApiServer;
  let client: RawClient;
  beforeAll(async () => {
    server = await startApiServer({ clock: new VirtualClock(), entropy: seededEntropy('bodies') });
    client = new RawClient(server);
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  const post = (text: string, type: string): ReturnType<RawClient['send']> =>
    client.send(MAPS, { method: 'POST', text, headers: { 'content-type': type } });

  it.each([
    ['in JSON', '{"data":{"__proto__":"x"}}', 'application/json'],
    ['escaped in JSON', '{"data":{"\\u005f_proto__":"x"}}', 'application/json'],
    ['in a list', '{"list":[{"__proto__":{}}]}', 'application/json'],
    ['in YAML', 'data: {__proto__: x}', 'application/yaml'],
    ['escaped in YAML', 'data: {"\\x5f_proto__": x}', 'application/yaml'],
  ])('that have the key __proto__ are refused: %s', async (_title, text, type) => {
    expect(await post(text, type)).toMatchObject({
      code: 400,
      body: { message: expect.stringContaining('"__proto__" is not accepted as a key') },
    });
  });

  it('patched to have the key __proto__ are refused', async () => {
    await post(JSON.stringify(map('to-patch', { data: { a: '1' } })), 'application/json');
    const patch = (type: string, body: unknown): ReturnType<RawClient['send']> =>
      client.send(`${MAPS}/to-patch`, {
        method: 'PATCH',
        text: JSON.stringify(body),
        headers: { 'content-type': type },
      });
    const added = [{ op: 'add', path: '/data/__proto__', value: 'x' }];
    expect((await patch('application/json-patch+json', added)).code).toBe(400);
    expect((await patch('application/merge-patch+json', { data: { ['__proto__']: 'x' } })).code).toBe(400);
    expect((await client.send(`${MAPS}/to-patch`)).body).toMatchObject({ data: { a: '1' } });
  });

  it.each(['application/json', 'application/yaml'])('may say __proto__ in a value: %s', async (type) => {
    const code = 'if ({ __proto__: [] } instanceof Array) {\n}';
    const name = `told-${type.slice(-4)}`;
    const answer = await post(JSON.stringify(map(name, { data: { code } })), type);
    expect(answer).toMatchObject({ code: 201, body: { data: { code } } });
  });
});
