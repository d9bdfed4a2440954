import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { seededEntropy } from '../../../core/entropy.ts';
import type { RunningApiServer } from './api-server.ts';
import { startApiServer } from './api-server.ts';
import { RawClient } from './testing/http-client.testing.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
type Counter = { metadata: { name: string; resourceVersion: string }; data: Record<string, string> };

describe('concurrent writers', () => {
  let server: RunningApiServer;
  let client: RawClient;
  beforeAll(async () => {
    server = await startApiServer({ clock: systemClock, entropy: seededEntropy('concurrency') });
    client = new RawClient(server);
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  const read = async (name: string): Promise<Counter> => (await client.send(`${MAPS}/${name}`)).body as Counter;

  /** Adds one by read and replace, again after each conflict. @returns how many conflicts there were. */
  const addByReplacing = async (name: string): Promise<number> => {
    for (let conflicts = 0; ; conflicts++) {
      const current = await read(name);
      const total = String(Number(current.data['total']) + 1);
      const { code } = await client.send(`${MAPS}/${name}`, {
        method: 'PUT',
        body: { ...current, data: { ...current.data, total } },
      });
      if (code === 200) return conflicts;
      expect(code).toBe(409);
    }
  };

  const markByPatching = async (name: string, writer: number): Promise<void> => {
    const body = { data: { [`writer-${writer}`]: 'done' } };
    const { code } = await client.send(`${MAPS}/${name}`, {
      method: 'PATCH',
      body,
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(code).toBe(200);
  };

  it('never lose an update, and every version is one write', async () => {
    let run = 0;
    const plan = fc.array(fc.constantFrom('replace' as const, 'patch' as const), { minLength: 2, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(plan, async (writers) => {
        const name = `counter-${run++}`;
        const created = (
          await client.send(MAPS, {
            method: 'POST',
            body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { total: '0' } },
          })
        ).body as Counter;
        const query = `watch=1&fieldSelector=metadata.name%3D${name}&resourceVersion=${created.metadata.resourceVersion}`;
        const watch = await client.watch(`${MAPS}?${query}`);
        await Promise.all(
          writers.map((kind, writer) => (kind === 'replace' ? addByReplacing(name) : markByPatching(name, writer))),
        );
        const { data } = await read(name);
        expect(Number(data['total'])).toBe(writers.filter((kind) => kind === 'replace').length);
        expect(Object.keys(data).filter((key) => key.startsWith('writer-'))).toHaveLength(
          writers.filter((kind) => kind === 'patch').length,
        );
        const versions: number[] = [];
        while (versions.length < writers.length)
          versions.push(Number((await watch.next())?.object.metadata?.resourceVersion));
        expect(versions).toEqual(versions.toSorted((a, b) => a - b));
        expect(new Set(versions).size).toBe(writers.length);
      }),
      { seed: 23, numRuns: 15 },
    );
  });

  it('get one of them the name that all want', async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'claim' } };
    const codes = await Promise.all(
      Array.from({ length: 20 }, async () => (await client.send(MAPS, { method: 'POST', body })).code),
    );
    expect(codes.filter((code) => code === 201)).toHaveLength(1);
    expect(codes.filter((code) => code === 409)).toHaveLength(19);
  });
});
