import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from './contract-client.ts';
import { changed, pod } from './contract-client.ts';
import type { WatchEvent } from './raw-api.ts';
import { RawApi } from './raw-api.ts';

const ENDS_INITIAL = 'k8s.io/initial-events-end';

/** What a watch sends, in which order, and how it ends. */
export function describeWatches(at: () => Connection): void {
  describe('watch streams', () => {
    let api: RawApi;
    let maps: string;
    let pods: string;
    beforeAll(() => {
      const { config, namespace } = at();
      api = new RawApi(config);
      maps = `/api/v1/namespaces/${namespace}/configmaps`;
      pods = `/api/v1/namespaces/${namespace}/pods`;
    });
    afterAll(() => api.close());

    const post = (path: string, body: unknown) => api.send(path, { method: 'POST', body });
    const told = (events: readonly WatchEvent[]): string[] =>
      events.map(({ type, object }) => `${type} ${object.metadata?.name ?? object.kind ?? ''}`);

    it('end the initial events with a bookmark', async () => {
      await post(maps, { metadata: { name: 'initial', labels: { suite: 'initial' } } });
      const query = 'labelSelector=suite%3Dinitial&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
      const events = await api.watch(
        `${maps}?watch=true&${query}&allowWatchBookmarks=true`,
        ({ type }) => type === 'BOOKMARK',
      );
      expect(told(events)).toEqual(['ADDED initial', 'BOOKMARK ConfigMap']);
      expect(events.at(-1)?.object.metadata).toMatchObject({
        annotations: { [ENDS_INITIAL]: 'true' },
        resourceVersion: expect.stringMatching(/^\d+$/),
      });
    });

    it('end when their time is up', async () => {
      expect(await api.watch(`${maps}?watch=true&labelSelector=suite%3Dnone&timeoutSeconds=1`)).toEqual([]);
    });

    it('are refused from a version that is none', async () => {
      expect((await api.send(`${maps}?watch=true&resourceVersion=abc`)).code).toBe(500);
    });

    it('see a deletion under a finalizer as a change, and its end with the last finalizer', async () => {
      const finalizers = ['example.com/hold'];
      const { body } = await post(maps, { metadata: { name: 'held-watch', labels: { suite: 'held' }, finalizers } });
      const { resourceVersion } = (body as { metadata: { resourceVersion: string } }).metadata;
      await api.send(`${maps}/held-watch`, { method: 'DELETE' });
      await api.send(`${maps}/held-watch`, {
        method: 'PATCH',
        body: { metadata: { finalizers: null } },
        type: 'application/merge-patch+json',
      });
      const path = `${maps}?watch=true&labelSelector=suite%3Dheld&resourceVersion=${resourceVersion}`;
      expect(told(await api.watch(path, ({ type }) => type === 'DELETED'))).toEqual([
        'MODIFIED held-watch',
        'DELETED held-watch',
      ]);
    });

    it('see a pod that no node has marked before it goes', async () => {
      await post(pods, changed(pod('marked'), { metadata: { name: 'marked', labels: { suite: 'marked' } } }));
      const { body } = await api.send(`${pods}?labelSelector=suite%3Dmarked`);
      const { resourceVersion } = (body as { metadata: { resourceVersion: string } }).metadata;
      await api.send(`${pods}/marked`, { method: 'DELETE' });
      const path = `${pods}?watch=true&labelSelector=suite%3Dmarked&resourceVersion=${resourceVersion}`;
      expect(told(await api.watch(path, ({ type }) => type === 'DELETED'))).toEqual([
        'MODIFIED marked',
        'DELETED marked',
      ]);
    });

    it('see an evicted pod say why it goes', async () => {
      await post(pods, changed(pod('evicted'), { metadata: { name: 'evicted', labels: { suite: 'evicted' } } }));
      const { body } = await api.send(`${pods}?labelSelector=suite%3Devicted`);
      const { resourceVersion } = (body as { metadata: { resourceVersion: string } }).metadata;
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'evicted' } };
      expect((await api.send(`${pods}/evicted/eviction`, { method: 'POST', body: eviction })).body).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        code: 201,
      });
      const path = `${pods}?watch=true&labelSelector=suite%3Devicted&resourceVersion=${resourceVersion}`;
      const events = await api.watch(path, ({ type }) => type === 'DELETED');
      expect(events[0]).toMatchObject({
        type: 'MODIFIED',
        object: {
          status: { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }] },
        },
      });
      expect(told(events).at(-1)).toBe('DELETED evicted');
    });
  });
}
