import { expect, test } from 'vitest';
import type { KubeObject, Resource } from '../../../engine/kubernetes/objects.ts';
import type { PermissionFinding } from './permissions.ts';
import { namespacesOf } from './ownership.ts';
import { askPermissions, neededPermissions, permissionTable, requirePermissions } from './permissions.ts';

const PLACE = namespacesOf('one', 'jobs');

interface Review extends KubeObject {
  readonly spec: {
    readonly resourceAttributes: {
      readonly verb: string;
      readonly resource: string;
      readonly subresource?: string;
      readonly namespace?: string;
    };
  };
}

/** A cluster whose account may do everything but what is named. */
function clusterWithout(...refused: readonly string[]) {
  const asked: string[] = [];
  return {
    asked,
    server: 'https://cluster.example',
    create: async <T extends KubeObject>(_resource: Resource, object: T): Promise<T> => {
      const { verb, resource, subresource } = (object as unknown as Review).spec.resourceAttributes;
      const what = `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
      asked.push(what);
      return { ...object, status: { allowed: !refused.includes(what) } };
    },
  };
}

test('each permission is asked for once, and what the parts are granted is among them', () => {
  const needed = neededPermissions(PLACE).map((one) => JSON.stringify(one));
  expect(new Set(needed).size).toBe(needed.length);
  expect(neededPermissions(PLACE)).toEqual(
    expect.arrayContaining([
      { verb: 'create', group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', namespace: undefined },
      { verb: 'create', group: '', resource: 'serviceaccounts/token', namespace: 'jobs' },
      // The engine gets it, so the account must have it.
      { verb: 'patch', group: 'oceanprotocol.com', resource: 'workflows/status', namespace: 'jobs' },
    ]),
  );
});

test('an account that may do all in the namespace of the jobs, and nothing in those of the testbed itself, is told so', async () => {
  const isOwn = (namespace: string | undefined): boolean => namespace === PLACE.probe || namespace === PLACE.canary;
  const cluster = {
    server: 'https://cluster.example',
    create: async <T extends KubeObject>(_resource: Resource, object: T): Promise<T> => {
      const { namespace } = (object as unknown as Review).spec.resourceAttributes;
      return { ...object, status: { allowed: !isOwn(namespace) } };
    },
  };
  const findings = await askPermissions(cluster, neededPermissions(PLACE));
  const missing = permissionTable(findings).filter((row) => row.missing.length > 0);
  expect(missing.map(({ place, resource }) => `${place}: ${resource}`)).toEqual([
    'namespace wavetank-one-probe: pods',
    'namespace wavetank-one-probe: pods/log',
    'namespace wavetank-one-probe: persistentvolumeclaims',
    'namespace wavetank-one-probe: networkpolicies.networking.k8s.io',
    'namespace wavetank-one-canary: pods',
    'namespace wavetank-one-canary: pods/log',
  ]);
});

test('an account that may do everything is let in', async () => {
  const findings = await askPermissions(clusterWithout(), neededPermissions(PLACE));
  expect(() => requirePermissions(findings, 'https://cluster.example')).not.toThrow();
});

test('what an account may not do is one table, by place and resource', async () => {
  const cluster = clusterWithout('create namespaces', 'create serviceaccounts/token');
  const findings = await askPermissions(cluster, neededPermissions(PLACE));
  expect(cluster.asked).toContain('create serviceaccounts/token');
  expect(() => requirePermissions(findings, cluster.server)).toThrow(
    expect.objectContaining({
      code: 'CLUSTER_PERMISSIONS_MISSING',
      category: 'environment',
      message: expect.stringMatching(
        /2 of \d+ .*\nthe cluster {5}namespaces {13}create\nnamespace jobs {2}serviceaccounts\/token {2}create$/,
      ) as string,
      details: {
        missing: [
          { place: 'the cluster', resource: 'namespaces', verbs: ['create'] },
          { place: 'namespace jobs', resource: 'serviceaccounts/token', verbs: ['create'] },
        ],
      },
    }),
  );
});

test('a row has both what is allowed and what is missing', () => {
  const finding = (verb: string, isAllowed: boolean): PermissionFinding => ({
    verb,
    group: 'apps',
    resource: 'deployments',
    namespace: 'a',
    isAllowed,
  });
  expect(permissionTable([finding('get', true), finding('create', false)])).toEqual([
    { place: 'namespace a', resource: 'deployments.apps', allowed: ['get'], missing: ['create'] },
  ]);
});
