import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { seededEntropy } from '../../../core/entropy.ts';
import { createNet } from '../../../core/net.ts';
import { ResourceStack } from '../../../core/resource.ts';
import { API_VERSION, FINALIZERS, LABELS, MANAGED_BY, WORKFLOWS } from '../../../engine/api/names.ts';
import type { ComputeEnvironmentSpec, WorkFlowSpec } from '../../../engine/api/workflow.ts';
import { installOperator } from '../../../engine/deploy/install.ts';
import { CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS } from '../../../engine/deploy/rbac.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { createKubeClient } from '../../../engine/kubernetes/client.ts';
import type { KubeObject } from '../../../engine/kubernetes/objects.ts';
import {
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  NAMESPACES,
  SECRETS,
  SERVICE_ACCOUNTS,
} from '../../../engine/kubernetes/objects.ts';
import { startApiServer } from '../embedded/api-server.ts';
import { namespacesOf, testbedLabels } from './ownership.ts';
import { requireFreePlace, takePlace } from './place.ts';
import { removeTestbeds } from './remove-testbeds.ts';

let stack: ResourceStack;
let client: KubeClient;
const clock = systemClock;

beforeEach(async () => {
  stack = new ResourceStack();
  const api = await stack.start('API server', () => startApiServer({ clock, entropy: seededEntropy('down') }));
  const net = createNet();
  stack.defer('net', () => net.close());
  client = await createKubeClient({ kubeconfig: api.kubeconfig(), net });
});
afterEach(() => stack.stop());

const ENVIRONMENT: ComputeEnvironmentSpec = {
  description: 'a lab',
  cpuNumber: 1,
  cpuType: '',
  gpuNumber: 0,
  gpuType: '',
  ramGb: 1,
  diskGb: 1,
  priceMin: 0,
  maxJobs: 1,
  maxJobDurationSeconds: 60,
  storageExpirySeconds: 0,
  consumerAddress: '0x00000000000000000000000000000000000000cc',
  allowedChainIds: [],
  isolation: 'best-effort',
};

/** What a testbed makes before and while it is up. */
async function testbed(instance: string, given?: string): Promise<void> {
  const namespaces = namespacesOf(instance, given);
  await requireFreePlace(client, namespaces, given !== undefined);
  const labels = testbedLabels(instance);
  await client.create(NAMESPACES, { metadata: { name: namespaces.canary, labels: { ...labels } } });
  await takePlace(client, namespaces, instance);
  await installOperator(client, { namespace: namespaces.jobs, labels, sharedStay: true });
}

async function makeNamespace(name: string): Promise<void> {
  await client.create(NAMESPACES, { metadata: { name } });
}

/** One that no engine will ever finish. */
async function workflow(namespace: string, labels: Record<string, string> = {}): Promise<void> {
  const metadata = { name: 'job-1', namespace, finalizers: [FINALIZERS.job], labels };
  const spec: WorkFlowSpec = {
    jobId: '1'.repeat(32),
    owner: '0x00000000000000000000000000000000000000aa',
    agreementId: '0x1',
    chainId: 8996,
    provider: '0x00000000000000000000000000000000000000bb',
    environment: 'e',
    algorithm: { did: 'did:op:algo', image: 'node:24', entrypoint: 'node $ALGO' },
    inputs: [],
    networkAccess: false,
    maxDurationSeconds: 60,
    validUntil: 0,
    secret: { name: 'inputs', digest: 'd' },
  };
  await client.create(WORKFLOWS, { apiVersion: API_VERSION, kind: 'WorkFlow', metadata, spec } as KubeObject);
}

const isThere = async (...[resource, name, namespace]: [typeof SECRETS, string, string?]): Promise<boolean> =>
  (await client.find(resource, { name, namespace })) !== undefined;
const names = async (resource: typeof SECRETS): Promise<string[]> =>
  (await client.list(resource)).items.map(({ metadata }) => metadata.name);
const DEFINITION = 'workflows.oceanprotocol.com';

test('what testbeds made goes, dead ones’ too; what is beside it stays', async () => {
  await makeNamespace('theirs');
  const ours = { [LABELS.managedBy]: MANAGED_BY };
  // An operator that somebody runs carries our name as well, and is nobody's testbed.
  await client.create(CONFIG_MAPS, { metadata: { name: 'operator', namespace: 'theirs', labels: ours } });
  await client.create(SECRETS, { metadata: { name: 'secret', namespace: 'theirs' } });
  await testbed('one');
  await testbed('two');
  await workflow('wavetank-one');

  const { testbeds, kept } = await removeTestbeds({ client, clock });

  expect(testbeds.toSorted()).toEqual(['one', 'two']);
  expect(kept).toEqual([]);
  expect((await names(NAMESPACES)).filter((name) => name.startsWith('wavetank'))).toEqual([]);
  expect((await names(CLUSTER_ROLE_BINDINGS)).filter((name) => name.startsWith('wavetank'))).toEqual([]);
  expect(await isThere(CLUSTER_ROLES, 'wavetank-storage-class-reader')).toBe(false);
  expect(await isThere(CUSTOM_RESOURCE_DEFINITIONS, DEFINITION)).toBe(false);
  expect(await isThere(CONFIG_MAPS, 'operator', 'theirs')).toBe(true);
  expect(await isThere(SECRETS, 'secret', 'theirs')).toBe(true);
  expect(await removeTestbeds({ client, clock })).toEqual({ testbeds: [], objects: [], kept: [] });
});

test('one testbed ends and another goes on: what both use stays', async () => {
  await testbed('one');
  await testbed('two');
  const { kept } = await removeTestbeds({ client, clock }, 'one');
  expect(kept).toEqual([expect.stringContaining('wavetank-two'), expect.stringContaining('wavetank-two')]);
  expect(await isThere(NAMESPACES, 'wavetank-two')).toBe(true);
  expect(await isThere(CUSTOM_RESOURCE_DEFINITIONS, DEFINITION)).toBe(true);
  expect((await removeTestbeds({ client, clock }, 'two')).kept).toEqual([]);
  expect(await isThere(CUSTOM_RESOURCE_DEFINITIONS, DEFINITION)).toBe(false);
});

test('definitions that were there before are neither changed nor removed', async () => {
  await installOperator(client, { namespace: 'production', environments: { e: ENVIRONMENT } });
  const before = await client.get(CUSTOM_RESOURCE_DEFINITIONS, { name: DEFINITION });
  await testbed('one');
  await removeTestbeds({ client, clock });
  const { uid, resourceVersion } = before.metadata;
  expect((await client.get(CUSTOM_RESOURCE_DEFINITIONS, { name: DEFINITION })).metadata).toMatchObject({
    uid,
    resourceVersion,
  });
  expect(await isThere(SERVICE_ACCOUNTS, 'operator-engine', 'production')).toBe(true);
  expect(await isThere(CLUSTER_ROLES, 'wavetank-storage-class-reader')).toBe(true);
});

test('definitions that we made stay as long as somebody else has a job', async () => {
  await testbed('one');
  await makeNamespace('theirs');
  await workflow('theirs');
  const { kept } = await removeTestbeds({ client, clock });
  expect(kept).toEqual([expect.stringContaining('namespace theirs')]);
  expect(await isThere(WORKFLOWS as typeof SECRETS, 'job-1', 'theirs')).toBe(true);
});

test('a namespace that was there stays, with all in it that is not ours', async () => {
  await makeNamespace('shared');
  await client.create(SECRETS, { metadata: { name: 'secret', namespace: 'shared' } });
  await testbed('one', 'shared');
  await workflow('shared', { [LABELS.managedBy]: MANAGED_BY });
  await removeTestbeds({ client, clock });
  expect(await isThere(NAMESPACES, 'shared')).toBe(true);
  expect(await isThere(SECRETS, 'secret', 'shared')).toBe(true);
  expect(await isThere(SERVICE_ACCOUNTS, 'operator-engine', 'shared')).toBe(false);
  expect((await client.list(CONFIG_MAPS, { namespace: 'shared', labelSelector: LABELS.managedBy })).items).toEqual([]);
  expect(await isThere(CUSTOM_RESOURCE_DEFINITIONS, DEFINITION)).toBe(false);
});

test('a namespace with an operator or a testbed in it is not taken', async () => {
  await makeNamespace('shared');
  await testbed('one', 'shared');
  await expect(testbed('two', 'shared')).rejects.toMatchObject({ code: 'NAMESPACE_IN_USE' });
  await expect(testbed('one')).rejects.toMatchObject({ code: 'NAMESPACE_EXISTS' });
  await makeNamespace('other');
  await client.create(SERVICE_ACCOUNTS, { metadata: { name: 'job-broker', namespace: 'other' } });
  await expect(testbed('two', 'other')).rejects.toMatchObject({ code: 'NAMESPACE_IN_USE' });
});
