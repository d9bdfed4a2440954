import {
  AuthorizationV1Api,
  CoordinationV1Api,
  CoreV1Api as CoreApi,
  CustomObjectsApi,
  VersionApi,
} from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import type { Connection } from './contract-client.ts';
import { asToken, changed, map, statusOf } from './contract-client.ts';

/** Who may do what, and the ground that leader election stands on. */
export function describeAccess(at: () => Connection): void {
  describe('access', () => {
    it('answers who may do what', async () => {
      const { config, namespace } = at();
      const reviews = config.makeApiClient(AuthorizationV1Api);
      const ask = async (user: string): Promise<boolean | undefined> =>
        (
          await reviews.createSubjectAccessReview({
            body: { spec: { user, resourceAttributes: { namespace, verb: 'list', resource: 'pods' } } },
          })
        ).status?.allowed;
      expect(await ask('nobody-in-particular')).toBe(false);
      const own = await reviews.createSelfSubjectAccessReview({
        body: { spec: { resourceAttributes: { namespace, verb: 'list', resource: 'pods' } } },
      });
      expect(own.status?.allowed).toBe(true);
    });

    it('lets a service account do what its role says and nothing else', async () => {
      const { config, core, namespace } = at();
      await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'reader' } } });
      const objects = config.makeApiClient(CustomObjectsApi);
      const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1', namespace };
      await objects.createNamespacedCustomObject({
        ...rbac,
        plural: 'roles',
        body: {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'Role',
          metadata: { name: 'read' },
          rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
        },
      });
      await objects.createNamespacedCustomObject({
        ...rbac,
        plural: 'rolebindings',
        body: {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: { name: 'read' },
          roleRef: { apiGroup: rbac.group, kind: 'Role', name: 'read' },
          subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace }],
        },
      });
      await core.createNamespacedConfigMap({ namespace, body: map('readable') });
      const issued = await core.createNamespacedServiceAccountToken({
        namespace,
        name: 'reader',
        body: { spec: { audiences: [] } },
      });
      const reader = asToken(config, issued.status?.token ?? '').makeApiClient(CoreApi);
      expect((await reader.readNamespacedConfigMap({ namespace, name: 'readable' })).metadata?.name).toBe('readable');
      expect(await statusOf(reader.listNamespacedConfigMap({ namespace }))).toMatchObject({
        code: 403,
        reason: 'Forbidden',
        message: `configmaps is forbidden: User "system:serviceaccount:${namespace}:reader" cannot list resource "configmaps" in API group "" in the namespace "${namespace}"`,
      });
      expect(
        await statusOf(asToken(config, 'not-a-token').makeApiClient(CoreApi).listNamespacedConfigMap({ namespace })),
      ).toMatchObject({ code: 401 });
    });

    it('tells its version', async () => {
      const { config } = at();
      expect((await config.makeApiClient(VersionApi).getCode()).gitVersion).toMatch(/^v1\.\d+\./);
    });

    it('keeps leases, the ground that leader election stands on', async () => {
      const { config, namespace } = at();
      const leases = config.makeApiClient(CoordinationV1Api);
      const created = await leases.createNamespacedLease({
        namespace,
        body: { metadata: { name: 'leader' }, spec: { holderIdentity: 'a', leaseDurationSeconds: 15 } },
      });
      const heldBy = (holderIdentity: string) =>
        changed(created, { spec: changed(created.spec ?? {}, { holderIdentity }) });
      await leases.replaceNamespacedLease({
        namespace,
        name: 'leader',
        body: heldBy('b'),
      });
      const late = leases.replaceNamespacedLease({
        namespace,
        name: 'leader',
        body: heldBy('c'),
      });
      expect(await statusOf(late)).toMatchObject({ code: 409, reason: 'Conflict' });
    });
  });
}
