import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededEntropy } from '../../../../core/entropy.ts';
import { VirtualClock } from '../../../../core/virtual-clock.ts';
import type { ApiAccess, ResourceRef } from '../api-access.ts';
import type { RunningApiServer } from '../api-server.ts';
import { startApiServer } from '../api-server.ts';
import type { KubeObject, OwnerReference } from '../kube-object.ts';
import { isKubeStatus } from '../kube-status.ts';
import { RawClient } from '../testing/http-client.testing.ts';

const core = (resource: string): ResourceRef => ({ group: '', version: 'v1', resource });
const [MAPS, NAMESPACES, PODS, NODES, CLAIMS, EVENTS, ACCOUNTS] = [
  'configmaps',
  'namespaces',
  'pods',
  'nodes',
  'persistentvolumeclaims',
  'events',
  'serviceaccounts',
].map(core) as [ResourceRef, ResourceRef, ResourceRef, ResourceRef, ResourceRef, ResourceRef, ResourceRef];
const CLASSES: ResourceRef = { group: 'storage.k8s.io', version: 'v1', resource: 'storageclasses' };

let server: RunningApiServer;
let access: ApiAccess;
let client: RawClient;

beforeEach(async () => {
  server = await startApiServer({ clock: new VirtualClock(), entropy: seededEntropy('controllers') });
  access = server.access;
  client = new RawClient(server);
});
afterEach(async () => {
  await client.close();
  await server.stop();
});

/** Controllers act in microtasks after a write; a turn of the event loop later they have nothing left to do. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const find = (ref: ResourceRef, name: string, namespace: string | undefined = 'default'): KubeObject | undefined => {
  try {
    return access.get(ref, namespace, name);
  } catch (error) {
    if (isKubeStatus(error, 'NotFound')) return undefined;
    throw error;
  }
};

const owned = (owner: KubeObject, more: Partial<OwnerReference> = {}): OwnerReference[] => [
  { apiVersion: 'v1', kind: 'ConfigMap', name: owner.metadata.name ?? '', uid: owner.metadata.uid ?? '', ...more },
];

describe('the garbage collector', () => {
  const family = (more: Partial<OwnerReference> = {}, finalizers?: string[]): KubeObject => {
    const owner = access.create(MAPS, 'default', { metadata: { name: 'owner' } });
    access.create(MAPS, 'default', {
      metadata: { name: 'child', ownerReferences: owned(owner, more), ...(finalizers ? { finalizers } : {}) },
    });
    return owner;
  };
  const removeOwner = (propagationPolicy: string): Promise<unknown> =>
    client.send('/api/v1/namespaces/default/configmaps/owner', {
      method: 'DELETE',
      body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy },
    });

  it('deletes dependents of what is gone, down the line', async () => {
    family();
    const child = access.get(MAPS, 'default', 'child');
    access.create(MAPS, 'default', { metadata: { name: 'grandchild', ownerReferences: owned(child) } });
    access.delete(MAPS, 'default', 'owner');
    await settle();
    expect(find(MAPS, 'child')).toBeUndefined();
    expect(find(MAPS, 'grandchild')).toBeUndefined();
  });

  it('deletes what is created for an owner that is gone, or for another of the same name', async () => {
    const owner = family();
    access.delete(MAPS, 'default', 'owner');
    access.create(MAPS, 'default', { metadata: { name: 'owner' } });
    access.create(MAPS, 'default', { metadata: { name: 'late', ownerReferences: owned(owner) } });
    await settle();
    expect(find(MAPS, 'late')).toBeUndefined();
    expect(find(MAPS, 'owner')).toBeDefined();
  });

  it('keeps what has another owner', async () => {
    const owner = family();
    const other = access.create(MAPS, 'default', { metadata: { name: 'other' } });
    access.create(MAPS, 'default', {
      metadata: { name: 'shared', ownerReferences: [...owned(owner), ...owned(other)] },
    });
    access.delete(MAPS, 'default', 'owner');
    await settle();
    expect(find(MAPS, 'shared')?.metadata.ownerReferences).toEqual(owned(other));
  });

  it('in the foreground keeps the owner until its blocking dependents are gone', async () => {
    family({ blockOwnerDeletion: true }, ['example.com/hold']);
    await removeOwner('Foreground');
    await settle();
    expect(find(MAPS, 'owner')?.metadata).toMatchObject({
      finalizers: ['foregroundDeletion'],
      deletionTimestamp: expect.any(String),
    });
    const child = access.get(MAPS, 'default', 'child');
    expect(child.metadata.deletionTimestamp).toBeDefined();
    delete child.metadata.finalizers;
    access.update(MAPS, child);
    await settle();
    expect(find(MAPS, 'child')).toBeUndefined();
    expect(find(MAPS, 'owner')).toBeUndefined();
  });

  it('in the foreground lets an owner go whose dependent another owner keeps', async () => {
    const owner = access.create(MAPS, 'default', { metadata: { name: 'owner' } });
    const other = access.create(MAPS, 'default', { metadata: { name: 'other' } });
    const ownerReferences = [...owned(owner, { blockOwnerDeletion: true }), ...owned(other)];
    access.create(MAPS, 'default', { metadata: { name: 'shared', ownerReferences } });
    await removeOwner('Foreground');
    await settle();
    expect(find(MAPS, 'owner')).toBeUndefined();
    expect(find(MAPS, 'shared')?.metadata.ownerReferences).toEqual(owned(other));
  });

  it('in the foreground lets an owner go when its dependents no longer name it', async () => {
    family({ blockOwnerDeletion: true }, ['example.com/hold']);
    await removeOwner('Foreground');
    await settle();
    const child = access.get(MAPS, 'default', 'child');
    delete child.metadata.ownerReferences;
    access.update(MAPS, child);
    await settle();
    expect(find(MAPS, 'owner')).toBeUndefined();
  });

  it('never collects an object outside of namespaces that names an owner in one', async () => {
    const owner = access.create(MAPS, 'default', { metadata: { name: 'owner' } });
    access.create(NODES, undefined, { metadata: { name: 'outside', ownerReferences: owned(owner) } });
    const isThere = (): boolean => access.list(NODES).some(({ metadata }) => metadata.name === 'outside');
    await settle();
    expect(isThere()).toBe(true);
    access.delete(MAPS, 'default', 'owner');
    await settle();
    expect(isThere()).toBe(true);
  });

  it('touches nothing of an object one of whose owners is of an unknown kind', async () => {
    const owner = family();
    const unknown = { apiVersion: 'example.com/v1', kind: 'Unknown', name: 'unknown', uid: 'unknown' };
    const ownerReferences = [...owned(owner), unknown];
    access.create(MAPS, 'default', { metadata: { name: 'unclear', ownerReferences } });
    access.delete(MAPS, 'default', 'owner');
    await settle();
    expect(find(MAPS, 'unclear')?.metadata.ownerReferences).toEqual(ownerReferences);
  });

  it('orphans dependents when asked to', async () => {
    family();
    await removeOwner('Orphan');
    await settle();
    expect(find(MAPS, 'owner')).toBeUndefined();
    expect(find(MAPS, 'child')?.metadata.ownerReferences).toBeUndefined();
  });
});

describe('namespaces', () => {
  it('have a default service account and the certificate authority, which come back', async () => {
    access.create(NAMESPACES, undefined, { metadata: { name: 'fresh' } });
    await settle();
    expect(access.get(MAPS, 'fresh', 'kube-root-ca.crt')['data']).toEqual({ 'ca.crt': server.caPem });
    access.delete(ACCOUNTS, 'fresh', 'default');
    await settle();
    expect(find(ACCOUNTS, 'default', 'fresh')).toBeDefined();
  });

  it('empty themselves when deleted, take nothing new meanwhile, and say what holds them', async () => {
    access.create(NAMESPACES, undefined, { metadata: { name: 'going' } });
    access.create(MAPS, 'going', { metadata: { name: 'free' } });
    access.create(MAPS, 'going', { metadata: { name: 'held', finalizers: ['example.com/hold'] } });
    access.delete(NAMESPACES, undefined, 'going');
    await settle();
    expect(find(MAPS, 'free', 'going')).toBeUndefined();
    const refused = await client.send('/api/v1/namespaces/going/configmaps', {
      method: 'POST',
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'new' } },
    });
    expect(refused).toMatchObject({
      code: 403,
      body: {
        message:
          'configmaps "new" is forbidden: unable to create new content in namespace going because it is being terminated',
        details: { causes: [{ reason: 'NamespaceTerminating' }] },
      },
    });
    expect(access.get(NAMESPACES, undefined, 'going')['status']).toMatchObject({
      phase: 'Terminating',
      conditions: [
        {
          type: 'NamespaceContentRemaining',
          message: 'Some resources are remaining: configmaps has 1 resource instances',
        },
        {
          type: 'NamespaceFinalizersRemaining',
          message: 'Some content in the namespace has finalizers remaining: example.com/hold',
        },
      ],
    });
    const held = access.get(MAPS, 'going', 'held');
    delete held.metadata.finalizers;
    access.update(MAPS, held);
    await settle();
    expect(find(NAMESPACES, 'going', undefined)).toBeUndefined();
  });

  it('of the system are not deleted', async () => {
    expect((await client.send('/api/v1/namespaces/default', { method: 'DELETE' })).code).toBe(403);
  });
});

describe('definitions', () => {
  const DEFINITIONS: ResourceRef = {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    resource: 'customresourcedefinitions',
  };
  const TANKS: ResourceRef = { group: 'example.com', version: 'v1', resource: 'tanks' };

  const define = (plural: string, names: object = {}): KubeObject =>
    access.create(DEFINITIONS, undefined, {
      metadata: { name: `${plural}.example.com` },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural, kind: 'Tank', ...names },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    });
  const conditionsOf = (name: string): unknown =>
    (
      access.get(DEFINITIONS, undefined, `${name}.example.com`)['status'] as {
        conditions: { type: string; status: string; message: string }[];
      }
    ).conditions.map(({ type, status, message }) => `${type}=${status} ${message}`);

  it('wait while another has their names', async () => {
    define('tanks');
    define('basins');
    expect(conditionsOf('tanks')).toEqual([
      'NamesAccepted=True no conflicts found',
      'Established=True the initial names have been accepted',
    ]);
    expect(conditionsOf('basins')).toEqual([
      'NamesAccepted=False "TankList" is already in use',
      'Established=False not all names are accepted',
    ]);
    expect((await client.send('/apis/example.com/v1/basins')).code).toBe(404);
    access.delete(DEFINITIONS, undefined, 'tanks.example.com');
    await settle();
    expect(conditionsOf('basins')).toEqual([
      'NamesAccepted=True no conflicts found',
      'Established=True the initial names have been accepted',
    ]);
    expect((await client.send('/apis/example.com/v1/basins')).code).toBe(200);
  });

  it('take their objects along and end their service', async () => {
    define('tanks');
    access.create(TANKS, 'default', { apiVersion: 'example.com/v1', kind: 'Tank', metadata: { name: 'a' } });
    expect((await client.send('/apis/example.com/v1')).body).toMatchObject({ resources: [{ name: 'tanks' }] });
    access.delete(DEFINITIONS, undefined, 'tanks.example.com');
    await settle();
    expect(find(DEFINITIONS, 'tanks.example.com', undefined)).toBeUndefined();
    expect((await client.send('/apis/example.com/v1/tanks')).code).toBe(404);
  });
});

const pod = (name: string, spec: object = {}): KubeObject => ({
  metadata: { name },
  spec: { containers: [{ name: 'main', image: 'example/main:1' }], ...spec },
});
const addNode = (allocatable: object = { cpu: '1', memory: '1Gi', pods: '10' }): void => {
  const node = access.create(NODES, undefined, { metadata: { name: 'here', labels: { zone: 'a' } } });
  access.updateStatus(NODES, { ...node, status: { allocatable, conditions: [{ type: 'Ready', status: 'True' }] } });
};
const nodeOf = (name: string): unknown => (access.get(PODS, 'default', name)['spec'] as { nodeName?: string }).nodeName;
const whyNot = (name: string): unknown => {
  const { conditions = [] } = access.get(PODS, 'default', name)['status'] as {
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
  };
  return conditions.find(({ type }) => type === 'PodScheduled')?.message;
};

describe('the scheduler', () => {
  it('binds pods once there is a node, and tells', async () => {
    access.create(PODS, 'default', pod('a'));
    await settle();
    expect(nodeOf('a')).toBeUndefined();
    expect(whyNot('a')).toBe('no nodes available to schedule pods');
    addNode();
    await settle();
    expect(nodeOf('a')).toBe('here');
    expect(access.list(EVENTS).map((event) => [event['reason'], event['message']])).toEqual(
      expect.arrayContaining([
        ['FailedScheduling', 'no nodes available to schedule pods'],
        ['Scheduled', 'Successfully assigned default/a to here'],
      ]),
    );
  });

  const asking = (cpu: string): object => ({
    containers: [{ name: 'main', image: 'i', resources: { requests: { cpu } } }],
  });

  it('keeps pods waiting that do not fit, until others are through', async () => {
    addNode();
    access.create(PODS, 'default', pod('big', asking('700m')));
    await settle();
    access.create(PODS, 'default', pod('next', asking('0.5')));
    await settle();
    expect(whyNot('next')).toBe('0/1 nodes are available: 1 Insufficient cpu.');
    const big = access.get(PODS, 'default', 'big');
    access.updateStatus(PODS, { ...big, status: { ...(big['status'] as object), phase: 'Succeeded' } });
    await settle();
    expect(nodeOf('next')).toBe('here');
  });

  it.each([
    [
      'a selector that no node matches',
      { nodeSelector: { zone: 'b' } },
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    ],
    [
      'a claim that is not there',
      { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'none' } }] },
      '0/1 nodes are available: persistentvolumeclaim "none" not found.',
    ],
    [
      'rules that are not evaluated',
      {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector: {} }],
          },
        },
      },
      '0/1 nodes are available: 1 node(s) of a cluster that does not evaluate podAntiAffinity.',
    ],
  ])('keeps pods waiting with %s', async (_title, spec, message) => {
    addNode();
    access.create(PODS, 'default', pod('a', spec));
    await settle();
    expect(nodeOf('a')).toBeUndefined();
    expect(whyNot('a')).toBe(message);
  });

  it('selects the node for claims that wait for their first consumer, and the claim stays while it is used', async () => {
    addNode();
    access.create(CLASSES, undefined, {
      metadata: { name: 'lazy', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'p',
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    const claim = access.create(CLAIMS, 'default', {
      metadata: { name: 'c' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    expect(claim['spec']).toMatchObject({ storageClassName: 'lazy' });
    access.create(PODS, 'default', pod('a', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }));
    await settle();
    expect(nodeOf('a')).toBe('here');
    expect(access.get(CLAIMS, 'default', 'c').metadata.annotations).toMatchObject({
      'volume.kubernetes.io/selected-node': 'here',
    });
    access.delete(CLAIMS, 'default', 'c');
    await settle();
    expect(find(CLAIMS, 'c')?.metadata.deletionTimestamp).toBeDefined();
    access.delete(PODS, 'default', 'a', { gracePeriodSeconds: 0 });
    await settle();
    expect(find(CLAIMS, 'c')).toBeUndefined();
  });

  it('leaves pods of other schedulers alone', async () => {
    addNode();
    access.create(PODS, 'default', pod('a', { schedulerName: 'mine' }));
    await settle();
    expect(nodeOf('a')).toBeUndefined();
  });
});
