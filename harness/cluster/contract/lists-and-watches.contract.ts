import { describe, expect, it } from 'vitest';
import type { Connection } from './contract-client.ts';
import { changed, collect, map, statusOf } from './contract-client.ts';

/** Lists, watches and deletion. */
export function describeListsAndWatches(at: () => Connection): void {
  describe('lists', () => {
    it('select by labels and fields', async () => {
      const { core, namespace } = at();
      for (const [name, tier] of Object.entries({ 'sel-a': 'front', 'sel-b': 'back', 'sel-c': 'front' })) {
        await core.createNamespacedConfigMap({
          namespace,
          body: { metadata: { name, labels: { suite: 'select', tier } } },
        });
      }
      const names = async (labelSelector: string, fieldSelector?: string): Promise<unknown[]> => {
        const list = await core.listNamespacedConfigMap({
          namespace,
          labelSelector,
          ...(fieldSelector === undefined ? {} : { fieldSelector }),
        });
        return list.items.map((item) => item.metadata?.name);
      };
      expect(await names('suite=select')).toEqual(['sel-a', 'sel-b', 'sel-c']);
      expect(await names('suite=select,tier!=back')).toEqual(['sel-a', 'sel-c']);
      expect(await names('suite in (select),tier notin (front)')).toEqual(['sel-b']);
      expect(await names('suite=select,!tier')).toEqual([]);
      expect(await names('suite=select', 'metadata.name=sel-b')).toEqual(['sel-b']);
      expect(await statusOf(core.listNamespacedConfigMap({ namespace, fieldSelector: 'data.x=1' }))).toMatchObject({
        code: 400,
        reason: 'BadRequest',
      });
    });

    it('come in pages that are consistent while objects change', async () => {
      const { core, namespace } = at();
      for (const name of ['page-1', 'page-2', 'page-3'])
        await core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { suite: 'page' } } } });
      const first = await core.listNamespacedConfigMap({ namespace, labelSelector: 'suite=page', limit: 2 });
      expect(first.items.map((item) => item.metadata?.name)).toEqual(['page-1', 'page-2']);
      await core.deleteNamespacedConfigMap({ namespace, name: 'page-3' });
      const rest = await core.listNamespacedConfigMap({
        namespace,
        labelSelector: 'suite=page',
        limit: 2,
        _continue: first.metadata?._continue ?? '',
      });
      expect(rest.items.map((item) => item.metadata?.name)).toEqual(['page-3']);
      expect(rest.metadata?.resourceVersion).toBe(first.metadata?.resourceVersion);
    });
  });
  describe('watches', () => {
    it('start where a list ended and see every change in order', async () => {
      const { config, core, namespace } = at();
      const { metadata } = await core.listNamespacedConfigMap({ namespace });
      const events = collect(config, `/api/v1/namespaces/${namespace}/configmaps`, {
        resourceVersion: metadata?.resourceVersion,
        labelSelector: 'suite=watch',
      });
      const created = await core.createNamespacedConfigMap({
        namespace,
        body: { metadata: { name: 'seen', labels: { suite: 'watch' } } },
      });
      await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'unseen' } } });
      await core.replaceNamespacedConfigMap({ namespace, name: 'seen', body: changed(created, { data: { n: '1' } }) });
      await core.deleteNamespacedConfigMap({ namespace, name: 'seen' });
      expect(await events.take(3)).toEqual(['ADDED seen', 'MODIFIED seen', 'DELETED seen']);
    });

    it('see an object leave a selector as deleted', async () => {
      const { config, core, namespace } = at();
      const created = await core.createNamespacedConfigMap({
        namespace,
        body: { metadata: { name: 'leaver', labels: { suite: 'leave' } } },
      });
      const events = collect(config, `/api/v1/namespaces/${namespace}/configmaps`, { labelSelector: 'suite=leave' });
      expect(await events.take(1, false)).toEqual(['ADDED leaver']);
      await core.replaceNamespacedConfigMap({
        namespace,
        name: 'leaver',
        body: changed(created, { metadata: { name: 'leaver', labels: {} } }),
      });
      expect(await events.take(2)).toEqual(['ADDED leaver', 'DELETED leaver']);
    });
  });
  describe('deletion', () => {
    it('waits for finalizers', async () => {
      const { core, namespace } = at();
      await core.createNamespacedConfigMap({
        namespace,
        body: { metadata: { name: 'held', finalizers: ['example.com/hold'] } },
      });
      await core.deleteNamespacedConfigMap({ namespace, name: 'held' });
      const held = await core.readNamespacedConfigMap({ namespace, name: 'held' });
      expect(held.metadata?.deletionTimestamp).toBeInstanceOf(Date);
      await core.replaceNamespacedConfigMap({
        namespace,
        name: 'held',
        body: changed(held, { metadata: changed(held.metadata ?? {}, { finalizers: [] }) }),
      });
      expect(await statusOf(core.readNamespacedConfigMap({ namespace, name: 'held' }))).toMatchObject({ code: 404 });
    });

    it('of another incarnation is a conflict', async () => {
      const { core, namespace } = at();
      await core.createNamespacedConfigMap({ namespace, body: map('incarnation') });
      const refused = core.deleteNamespacedConfigMap({
        namespace,
        name: 'incarnation',
        body: { preconditions: { uid: '00000000-0000-4000-8000-000000000000' } },
      });
      expect(await statusOf(refused)).toMatchObject({ code: 409, reason: 'Conflict' });
    });

    it('takes owned objects along', async () => {
      const { config, core, namespace } = at();
      const owner = await core.createNamespacedConfigMap({ namespace, body: map('owner') });
      const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata?.uid ?? '' }];
      await core.createNamespacedConfigMap({
        namespace,
        body: { metadata: { name: 'owned', ownerReferences, labels: { suite: 'owned' } } },
      });
      const events = collect(config, `/api/v1/namespaces/${namespace}/configmaps`, { labelSelector: 'suite=owned' });
      await events.take(1, false);
      await core.deleteNamespacedConfigMap({ namespace, name: 'owner' });
      expect(await events.take(2)).toEqual(['ADDED owned', 'DELETED owned']);
    });
  });
}
