import { CustomObjectsApi, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import type { Connection } from './contract-client.ts';
import { changed, map, pod, statusOf } from './contract-client.ts';

/** Creating, reading and changing objects. */
export function describeObjects(at: () => Connection): void {
  describe('objects', () => {
    it('come back as they were written, with the system fields filled in', async () => {
      const { core, namespace } = at();
      const created = await core.createNamespacedConfigMap({
        namespace,
        body: { ...map('whole', { a: '1' }), metadata: { name: 'whole', labels: { app: 'x' } } },
      });
      const { uid, resourceVersion, creationTimestamp } = created.metadata ?? {};
      expect(uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(resourceVersion).toMatch(/^\d+$/);
      expect(creationTimestamp).toBeInstanceOf(Date);
      const read = await core.readNamespacedConfigMap({ namespace, name: 'whole' });
      // A real cluster also tracks who wrote which field.
      delete read.metadata?.managedFields;
      expect(structuredClone(read)).toEqual({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        data: { a: '1' },
        metadata: {
          name: 'whole',
          namespace,
          labels: { app: 'x' },
          uid,
          resourceVersion,
          creationTimestamp,
        },
      });
    });

    it('get a unique name from generateName', async () => {
      const { core, namespace } = at();
      const names = new Set<string>();
      for (let i = 0; i < 5; i++) {
        const created = await core.createNamespacedConfigMap({
          namespace,
          body: { metadata: { generateName: 'gen-' } },
        });
        names.add(created.metadata?.name ?? '');
      }
      expect(names.size).toBe(5);
      for (const name of names) expect(name).toMatch(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    });

    it('cannot be created twice', async () => {
      const { core, namespace } = at();
      await core.createNamespacedConfigMap({ namespace, body: map('twice') });
      expect(await statusOf(core.createNamespacedConfigMap({ namespace, body: map('twice') }))).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'configmaps "twice" already exists',
        reason: 'AlreadyExists',
        details: { name: 'twice', kind: 'configmaps' },
        code: 409,
      });
    });

    it('that do not exist are a 404 in full', async () => {
      const { core, namespace } = at();
      expect(await statusOf(core.readNamespacedConfigMap({ namespace, name: 'nobody' }))).toEqual({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'configmaps "nobody" not found',
        reason: 'NotFound',
        details: { name: 'nobody', kind: 'configmaps' },
        code: 404,
      });
    });

    it('are refused in a namespace that does not exist', async () => {
      const { core } = at();
      expect(
        await statusOf(core.createNamespacedConfigMap({ namespace: 'no-such-namespace', body: map('a') })),
      ).toMatchObject({
        message: 'namespaces "no-such-namespace" not found',
        reason: 'NotFound',
        code: 404,
      });
    });

    it('are refused under a name that is none', async () => {
      const { core, namespace } = at();
      expect(await statusOf(core.createNamespacedConfigMap({ namespace, body: map('Not_A_Name') }))).toMatchObject({
        code: 422,
        reason: 'Invalid',
        details: {
          name: 'Not_A_Name',
          kind: 'ConfigMap',
          causes: [{ reason: 'FieldValueInvalid', field: 'metadata.name' }],
        },
      });
    });

    it('stay untouched by a dry run', async () => {
      const { core, namespace } = at();
      const created = await core.createNamespacedConfigMap({ namespace, body: map('dry'), dryRun: 'All' });
      expect(created.metadata?.name).toBe('dry');
      expect(await statusOf(core.readNamespacedConfigMap({ namespace, name: 'dry' }))).toMatchObject({ code: 404 });
    });

    it('with unknown fields are refused when the client wants strictness', async () => {
      const { config, namespace } = at();
      const body = { ...map('strict'), surplus: true };
      expect(
        await statusOf(
          config.makeApiClient(CustomObjectsApi).createNamespacedCustomObject({
            group: 'coordination.k8s.io',
            version: 'v1',
            namespace,
            plural: 'leases',
            body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'strict' }, spec: body },
            fieldValidation: 'Strict',
          }),
        ),
      ).toMatchObject({
        code: 400,
        reason: 'BadRequest',
      });
    });
  });
  describe('updates', () => {
    it('with a stale version are a conflict and change nothing', async () => {
      const { core, namespace } = at();
      const first = await core.createNamespacedConfigMap({ namespace, body: map('stale', { n: '1' }) });
      await core.replaceNamespacedConfigMap({ namespace, name: 'stale', body: changed(first, { data: { n: '2' } }) });
      expect(
        await statusOf(
          core.replaceNamespacedConfigMap({ namespace, name: 'stale', body: changed(first, { data: { n: '3' } }) }),
        ),
      ).toMatchObject({
        code: 409,
        reason: 'Conflict',
        message:
          'Operation cannot be fulfilled on configmaps "stale": the object has been modified; please apply your changes to the latest version and try again',
      });
      expect((await core.readNamespacedConfigMap({ namespace, name: 'stale' })).data).toEqual({ n: '2' });
    });

    it('that change nothing leave the version as it is', async () => {
      const { core, namespace } = at();
      const first = await core.createNamespacedConfigMap({ namespace, body: map('same', { n: '1' }) });
      const second = await core.replaceNamespacedConfigMap({ namespace, name: 'same', body: first });
      expect(second.metadata?.resourceVersion).toBe(first.metadata?.resourceVersion);
    });

    it('by merge patch remove what is null', async () => {
      const { core, namespace } = at();
      await core.createNamespacedConfigMap({ namespace, body: map('merge', { a: '1', b: '2' }) });
      const body = { data: { a: null, c: '3' } };
      const patched = await core.patchNamespacedConfigMap(
        { namespace, name: 'merge', body },
        setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
      );
      expect(patched.data).toEqual({ b: '2', c: '3' });
    });

    it('by JSON patch apply all operations or none', async () => {
      const { core, namespace } = at();
      await core.createNamespacedConfigMap({ namespace, body: map('json', { a: '1' }) });
      const patch = (body: object[]): Promise<unknown> =>
        core.patchNamespacedConfigMap(
          { namespace, name: 'json', body },
          setHeaderOptions('Content-Type', PatchStrategy.JsonPatch),
        );
      const refused = patch([
        { op: 'add', path: '/data/b', value: '2' },
        { op: 'test', path: '/data/a', value: 'other' },
      ]);
      expect(await statusOf(refused)).toMatchObject({ code: 422, reason: 'Invalid' });
      expect((await core.readNamespacedConfigMap({ namespace, name: 'json' })).data).toEqual({ a: '1' });
      await patch([{ op: 'replace', path: '/data/a', value: '9' }]);
      expect((await core.readNamespacedConfigMap({ namespace, name: 'json' })).data).toEqual({ a: '9' });
    });

    it('by strategic merge patch merge lists by their key', async () => {
      const { core, namespace } = at();
      await core.createNamespacedPod({ namespace, body: pod('strategic') });
      const body = { spec: { containers: [{ name: 'side', image: 'example/side:2' }] } };
      const patched = await core.patchNamespacedPod(
        { namespace, name: 'strategic', body },
        setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
      );
      expect(patched.spec?.containers.map(({ name, image }) => ({ name, image }))).toEqual([
        { name: 'main', image: 'example/main:1' },
        { name: 'side', image: 'example/side:2' },
      ]);
    });
  });
}
