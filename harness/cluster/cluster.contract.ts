import type { CoreV1Api, V1Pod } from '@kubernetes/client-node';
import {
  ApiException,
  ApiextensionsV1Api,
  AuthorizationV1Api,
  CoordinationV1Api,
  CoreV1Api as CoreApi,
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  VersionApi,
  Watch,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

export interface ClusterUnderTest {
  /** YAML with an administrator. */
  readonly kubeconfig: string;
  /** A namespace of this suite alone, which it may fill and which the caller removes. */
  readonly namespace: string;
  stop(): Promise<void>;
}

export interface ClusterContractFlags {
  /** Whether a CRD with validation rules (CEL) is refused, which the embedded cluster does and a real one does not. */
  readonly refusesCel: boolean;
}

/** What products may rely on of any cluster, driven by the unmodified client library. */
export function describeClusterContract(
  title: string,
  start: () => Promise<ClusterUnderTest>,
  flags: ClusterContractFlags,
): void {
  describe(title, () => {
    let cluster: ClusterUnderTest;
    let config: KubeConfig;
    let core: CoreV1Api;
    let namespace: string;

    beforeAll(async () => {
      cluster = await start();
      config = new KubeConfig();
      config.loadFromString(cluster.kubeconfig);
      core = config.makeApiClient(CoreApi);
      namespace = cluster.namespace;
    });
    afterAll(async () => {
      await cluster?.stop();
    });

    const map = (
      name: string,
      data: Record<string, string> = {},
    ): { metadata: { name: string }; data: Record<string, string> } => ({ metadata: { name }, data });

    describe('objects', () => {
      it('come back as they were written, with the system fields filled in', async () => {
        const created = await core.createNamespacedConfigMap({
          namespace,
          body: { ...map('whole', { a: '1' }), metadata: { name: 'whole', labels: { app: 'x' } } },
        });
        const { uid, resourceVersion, creationTimestamp } = created.metadata ?? {};
        expect(uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(resourceVersion).toMatch(/^\d+$/);
        expect(creationTimestamp).toBeInstanceOf(Date);
        const read = await core.readNamespacedConfigMap({ namespace, name: 'whole' });
        expect({ ...read, metadata: { ...read.metadata, managedFields: undefined } }).toEqual({
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
            managedFields: undefined,
          },
        });
      });

      it('get a unique name from generateName', async () => {
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
        expect(
          await statusOf(core.createNamespacedConfigMap({ namespace: 'no-such-namespace', body: map('a') })),
        ).toMatchObject({
          message: 'namespaces "no-such-namespace" not found',
          reason: 'NotFound',
          code: 404,
        });
      });

      it('are refused under a name that is none', async () => {
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
        const created = await core.createNamespacedConfigMap({ namespace, body: map('dry'), dryRun: 'All' });
        expect(created.metadata?.name).toBe('dry');
        expect(await statusOf(core.readNamespacedConfigMap({ namespace, name: 'dry' }))).toMatchObject({ code: 404 });
      });

      it('with unknown fields are refused when the client wants strictness', async () => {
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
        const first = await core.createNamespacedConfigMap({ namespace, body: map('stale', { n: '1' }) });
        await core.replaceNamespacedConfigMap({ namespace, name: 'stale', body: { ...first, data: { n: '2' } } });
        expect(
          await statusOf(
            core.replaceNamespacedConfigMap({ namespace, name: 'stale', body: { ...first, data: { n: '3' } } }),
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
        const first = await core.createNamespacedConfigMap({ namespace, body: map('same', { n: '1' }) });
        const second = await core.replaceNamespacedConfigMap({ namespace, name: 'same', body: first });
        expect(second.metadata?.resourceVersion).toBe(first.metadata?.resourceVersion);
      });

      it('by merge patch remove what is null', async () => {
        await core.createNamespacedConfigMap({ namespace, body: map('merge', { a: '1', b: '2' }) });
        const body = { data: { a: null, c: '3' } };
        const patched = await core.patchNamespacedConfigMap(
          { namespace, name: 'merge', body },
          setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
        );
        expect(patched.data).toEqual({ b: '2', c: '3' });
      });

      it('by JSON patch apply all operations or none', async () => {
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

    describe('lists', () => {
      it('select by labels and fields', async () => {
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
        await core.replaceNamespacedConfigMap({ namespace, name: 'seen', body: { ...created, data: { n: '1' } } });
        await core.deleteNamespacedConfigMap({ namespace, name: 'seen' });
        expect(await events.take(3)).toEqual(['ADDED seen', 'MODIFIED seen', 'DELETED seen']);
      });

      it('see an object leave a selector as deleted', async () => {
        const created = await core.createNamespacedConfigMap({
          namespace,
          body: { metadata: { name: 'leaver', labels: { suite: 'leave' } } },
        });
        const events = collect(config, `/api/v1/namespaces/${namespace}/configmaps`, { labelSelector: 'suite=leave' });
        expect(await events.take(1, false)).toEqual(['ADDED leaver']);
        await core.replaceNamespacedConfigMap({
          namespace,
          name: 'leaver',
          body: { ...created, metadata: { name: 'leaver', labels: {} } },
        });
        expect(await events.take(2)).toEqual(['ADDED leaver', 'DELETED leaver']);
      });
    });

    describe('deletion', () => {
      it('waits for finalizers', async () => {
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
          body: { ...held, metadata: { ...held.metadata, finalizers: [] } },
        });
        expect(await statusOf(core.readNamespacedConfigMap({ namespace, name: 'held' }))).toMatchObject({ code: 404 });
      });

      it('of another incarnation is a conflict', async () => {
        await core.createNamespacedConfigMap({ namespace, body: map('incarnation') });
        const refused = core.deleteNamespacedConfigMap({
          namespace,
          name: 'incarnation',
          body: { preconditions: { uid: '00000000-0000-4000-8000-000000000000' } },
        });
        expect(await statusOf(refused)).toMatchObject({ code: 409, reason: 'Conflict' });
      });

      it('takes owned objects along', async () => {
        const owner = await core.createNamespacedConfigMap({ namespace, body: map('owner') });
        const ownerReferences = [
          { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata?.uid ?? '' },
        ];
        await core.createNamespacedConfigMap({
          namespace,
          body: { metadata: { name: 'owned', ownerReferences, labels: { suite: 'owned' } } },
        });
        const events = collect(config, `/api/v1/namespaces/${namespace}/configmaps`, { labelSelector: 'suite=owned' });
        await core.deleteNamespacedConfigMap({ namespace, name: 'owner' });
        expect(await events.take(2)).toEqual(['ADDED owned', 'DELETED owned']);
      });
    });

    describe('custom resources', () => {
      const group = 'contract.example.com';
      const definition = (extra: object = {}): object => ({
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: `probes.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural: 'probes', singular: 'probe', kind: 'Probe', shortNames: ['prb'] },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              subresources: { status: {} },
              schema: {
                openAPIV3Schema: {
                  type: 'object',
                  properties: {
                    spec: {
                      type: 'object',
                      required: ['size'],
                      properties: {
                        size: { type: 'integer', minimum: 1 },
                        mode: { type: 'string', enum: ['on', 'off'], default: 'on' },
                      },
                      ...extra,
                    },
                    status: { type: 'object', properties: { phase: { type: 'string' } } },
                  },
                },
              },
            },
          ],
        },
      });
      const place = { group, version: 'v1', plural: 'probes' };
      const body = (name: string, spec: object): object => ({
        apiVersion: `${group}/v1`,
        kind: 'Probe',
        metadata: { name },
        spec,
      });
      let custom: CustomObjectsApi;
      // As a custom object, because the typed call spells schema fields its own way and drops those that it does not know.
      const define = (body: object): Promise<unknown> =>
        custom.createClusterCustomObject({
          group: 'apiextensions.k8s.io',
          version: 'v1',
          plural: 'customresourcedefinitions',
          body,
        });

      beforeAll(async () => {
        custom = config.makeApiClient(CustomObjectsApi);
        const established = collect(
          config,
          '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
          { fieldSelector: `metadata.name=probes.${group}` },
          (object) =>
            object.status?.conditions?.some(
              (condition) => condition.type === 'Established' && condition.status === 'True',
            ) === true
              ? 'established'
              : 'waiting',
        );
        await define(definition());
        await established.until('established');
      });
      afterAll(async () => {
        await config.makeApiClient(ApiextensionsV1Api).deleteCustomResourceDefinition({ name: `probes.${group}` });
      });

      it('are defaulted, pruned and validated by their schema', async () => {
        const created = (await custom.createNamespacedCustomObject({
          ...place,
          namespace,
          body: body('ok', { size: 1, surplus: 'x' }),
        })) as { spec: unknown; metadata: { generation: number } };
        expect(created.spec).toEqual({ size: 1, mode: 'on' });
        expect(created.metadata.generation).toBe(1);
        const refused = await statusOf(
          custom.createNamespacedCustomObject({ ...place, namespace, body: body('bad', { size: 0, mode: 'maybe' }) }),
        );
        expect(refused).toMatchObject({ code: 422, reason: 'Invalid', details: { name: 'bad', group, kind: 'Probe' } });
        const causes = (refused as { details: { causes: { reason: string; field: string; message: string }[] } })
          .details.causes;
        expect(causes.toSorted((a, b) => a.field.localeCompare(b.field))).toEqual([
          {
            reason: 'FieldValueNotSupported',
            field: 'spec.mode',
            message: 'Unsupported value: "maybe": supported values: "on", "off"',
          },
          {
            reason: 'FieldValueInvalid',
            field: 'spec.size',
            message: 'Invalid value: 0: spec.size in body should be greater than or equal to 1',
          },
        ]);
      });

      it('keep spec and status apart, and count generations of the spec', async () => {
        const name = 'halves';
        type Probe = { metadata: { generation: number }; spec: object; status?: { phase: string } };
        const created = (await custom.createNamespacedCustomObject({
          ...place,
          namespace,
          body: { ...body(name, { size: 1 }), status: { phase: 'ignored' } },
        })) as Probe;
        expect(created.status).toBeUndefined();
        const withStatus = (await custom.replaceNamespacedCustomObjectStatus({
          ...place,
          namespace,
          name,
          body: { ...created, spec: { size: 7 }, status: { phase: 'Busy' } },
        })) as Probe;
        expect(withStatus).toMatchObject({ spec: { size: 1 }, status: { phase: 'Busy' }, metadata: { generation: 1 } });
        const updated = (await custom.replaceNamespacedCustomObject({
          ...place,
          namespace,
          name,
          body: { ...withStatus, spec: { size: 2 }, status: { phase: 'Lost' } },
        })) as Probe;
        expect(updated).toMatchObject({
          spec: { size: 2, mode: 'on' },
          status: { phase: 'Busy' },
          metadata: { generation: 2 },
        });
      });

      it('refuse an update without a version', async () => {
        await custom.createNamespacedCustomObject({ ...place, namespace, body: body('unversioned', { size: 1 }) });
        expect(
          await statusOf(
            custom.replaceNamespacedCustomObject({
              ...place,
              namespace,
              name: 'unversioned',
              body: body('unversioned', { size: 2 }),
            }),
          ),
        ).toMatchObject({
          code: 422,
          details: { causes: [{ field: 'metadata.resourceVersion' }] },
        });
      });

      it('with validation rules are refused where nothing evaluates them', async (context) => {
        if (!flags.refusesCel) context.skip('this cluster evaluates CEL');
        const rules = { 'x-kubernetes-validations': [{ rule: 'self.size < 9' }] };
        const other = definition(rules) as { metadata: { name: string }; spec: { names: { plural: string } } };
        other.metadata.name = `others.${group}`;
        other.spec.names.plural = 'others';
        expect(await statusOf(define(other))).toMatchObject({
          code: 422,
          details: {
            causes: [
              {
                reason: 'FieldValueForbidden',
                field: 'spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations',
              },
            ],
          },
        });
      });
    });

    describe('access', () => {
      it('answers who may do what', async () => {
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
        expect((await config.makeApiClient(VersionApi).getCode()).gitVersion).toMatch(/^v1\.\d+\./);
      });

      it('keeps leases, the ground that leader election stands on', async () => {
        const leases = config.makeApiClient(CoordinationV1Api);
        const created = await leases.createNamespacedLease({
          namespace,
          body: { metadata: { name: 'leader' }, spec: { holderIdentity: 'a', leaseDurationSeconds: 15 } },
        });
        await leases.replaceNamespacedLease({
          namespace,
          name: 'leader',
          body: { ...created, spec: { ...created.spec, holderIdentity: 'b' } },
        });
        const late = leases.replaceNamespacedLease({
          namespace,
          name: 'leader',
          body: { ...created, spec: { ...created.spec, holderIdentity: 'c' } },
        });
        expect(await statusOf(late)).toMatchObject({ code: 409, reason: 'Conflict' });
      });
    });
  });
}

/** Runs on no node: the contract is about the API, the kubelet has its own. */
function pod(name: string): V1Pod {
  return {
    metadata: { name },
    spec: {
      schedulerName: 'nobody',
      containers: [
        { name: 'main', image: 'example/main:1' },
        { name: 'side', image: 'example/side:1' },
      ],
    },
  };
}

/** The Status that a refused call carries. */
async function statusOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    // Some answers the client library throws without a body.
    if (error.body === undefined) return { code: error.code };
    return typeof error.body === 'string' ? (JSON.parse(error.body) as unknown) : (error.body as unknown);
  }
  return 'accepted';
}

interface Watched {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Follows a watch and tells its events as `TYPE name`, or as `describeEvent` puts them. */
function collect(
  config: KubeConfig,
  path: string,
  query: Record<string, unknown>,
  describeEvent?: (object: Watched) => string,
): { take(count: number, ends?: boolean): Promise<string[]>; until(event: string): Promise<void> } {
  const events: string[] = [];
  let notify = (): void => undefined;
  const finished = (error: unknown): void => {
    if (error instanceof Error && error.name !== 'AbortError') events.push(`ERROR ${error.message}`);
    notify();
  };
  const opened = new Watch(config).watch(
    path,
    query as Record<string, string>,
    (type: string, object: Watched) => {
      events.push(describeEvent ? describeEvent(object) : `${type} ${object.metadata.name}`);
      notify();
    },
    finished,
  );
  const when = async (isEnough: () => boolean): Promise<void> => {
    while (!isEnough()) {
      await new Promise<void>((resolve) => {
        notify = resolve;
      });
    }
  };
  const stop = async (): Promise<void> => (await opened).abort();
  return {
    async take(count, ends = true) {
      await when(() => events.length >= count);
      if (ends) await stop();
      return events.slice(0, count);
    },
    async until(event) {
      await when(() => events.includes(event));
      await stop();
    },
  };
}

function asToken(config: KubeConfig, token: string): KubeConfig {
  const other = new KubeConfig();
  const cluster = config.getCurrentCluster();
  if (cluster === null) return other;
  other.loadFromClusterAndUser(cluster, { name: 'bearer', token });
  return other;
}
