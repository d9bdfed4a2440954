import { execa } from 'execa';
import path from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { stringify } from 'yaml';
import { systemClock } from '../../../core/clock.ts';
import { randomHex, systemEntropy } from '../../../core/entropy.ts';
import { createNet } from '../../../core/net.ts';
import { signOperatorRequest } from '../../../core/protocol/operator-auth.ts';
import { addressOfPrivateKey } from '../../../core/protocol/signing.ts';
import { ResourceStack, runningResource } from '../../../core/resource.ts';
import { systemSeams } from '../../../core/seams.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import { applyObject } from '../../../engine/deploy/install.ts';
import { operatorManifests } from '../../../engine/deploy/render.ts';
import { parseDeploySettings } from '../../../engine/deploy/settings.ts';
import { DEPLOYMENTS, SERVICES } from '../../../engine/deploy/workloads.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import type { KubeObject, Resource } from '../../../engine/kubernetes/objects.ts';
import { NAMESPACES, SECRETS } from '../../../engine/kubernetes/objects.ts';
import type { RunningKindCluster } from '../../cluster/kind/start-kind-cluster.ts';
import { startSharedKind } from '../../cluster/kind/testing/lab-kind.ts';
import { adminClient } from '../../storage/s3-client.ts';
import { startEmbeddedS3 } from '../../storage/embedded/start-embedded-s3.ts';

export const JOBS = 'deployed-jobs';
export const OPERATOR = 'deployed-operator';
export const ENVIRONMENT = 'lab';
const IMAGE = 'wavetank/operator:tested';
const PROVIDER_KEY = `0x${'42'.repeat(32)}`;
export const PROVIDER = addressOfPrivateKey(PROVIDER_KEY);
const ROOT = path.join(import.meta.dirname, '../../..');
const READY_MS = 150_000;
const NODES: Resource = { group: '', version: 'v1', resource: 'nodes', kind: 'Node', isClusterScoped: true };

interface Deployment extends KubeObject {
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly availableReplicas?: number };
}

/**
 * Everything of the operator in a real cluster, from the manifests that owners apply; the object storage is on this machine. Its namespaces carry our
 * label, and go when the cluster is given back.
 */
export async function deployOperator(providerPort: number) {
  const stack = new ResourceStack({ budgetMs: 120_000 });
  try {
    await execa('node', ['scripts/operator-image.ts', '--tag', IMAGE], { cwd: ROOT, preferLocal: true });
    stack.defer('image', async () => {
      await execa('docker', ['image', 'rm', IMAGE], { reject: false });
    });
    const cluster = await stack.start('cluster', () =>
      startSharedKind({
        preloads: [
          { name: IMAGE, source: IMAGE },
          { name: 'node:24', source: 'node:24-slim' },
        ],
      }),
    );
    const { client, hostAddressFromPods: gateway } = cluster;
    const seams = systemSeams({ net: createNet() });
    stack.defer('net', () => seams.net.close());
    const s3 = await startStorage(stack, seams, gateway);
    const settings = parseDeploySettings(
      stringify({
        jobsNamespace: JOBS,
        operatorNamespace: OPERATOR,
        image: IMAGE,
        imagePullPolicy: 'Never',
        s3: { endpoint: s3.endpoint.replace('127.0.0.1', gateway), resultsBucket: 'results', adminBucket: 'adminlogs' },
        providers: { [PROVIDER]: [`http://${gateway}:${providerPort}`] },
        capabilities: Object.fromEntries(
          Object.entries(cluster.capabilities).map(([name, { enforcement }]) => [name, enforcement]),
        ),
        environments: {
          [ENVIRONMENT]: {
            cpuNumber: 0.1,
            ramGb: 0.2,
            diskGb: 0.1,
            maxJobs: 5,
            maxJobDurationSeconds: 300,
            consumerAddress: PROVIDER,
          },
        },
      }),
    );
    await apply(client, settings, s3);
    await waitUntil('the operator', () => isAvailable(client), {
      clock: systemClock,
      timeoutMs: READY_MS,
      intervalMs: 500,
    });
    const ask = asking(await nodePortUrl(client), seams.net.fetch);
    await waitUntil('the way in', () => answers(ask), { clock: systemClock, timeoutMs: READY_MS, intervalMs: 100 });
    const facts = { cluster, client, s3: await adminClient(s3, seams.net), ask };
    return runningResource(facts, () => stack.stop());
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

async function startStorage(stack: ResourceStack, seams: ReturnType<typeof systemSeams>, gateway: string) {
  const folder = await mkdtemp(path.join(tmpdir(), 'wavetank-deployed-'));
  stack.defer('folder', () => rm(folder, { recursive: true, force: true }));
  const { clock, entropy, native, log, net } = seams;
  const s3 = await stack.start('s3', () =>
    startEmbeddedS3({ clock, entropy, native, log, dataDir: path.join(folder, 's3'), alsoOn: [gateway] }),
  );
  const admin = await adminClient(s3, net);
  for (const bucket of ['results', 'adminlogs']) await admin.makeBucket(bucket);
  return s3;
}

async function apply(
  client: KubeClient,
  settings: ReturnType<typeof parseDeploySettings>,
  keys: { readonly accessKey: string; readonly secretKey: string },
): Promise<void> {
  const manifests = operatorManifests(settings);
  const isDefinition = ({ resource }: (typeof manifests)[number]): boolean =>
    resource.resource === 'customresourcedefinitions';
  for (const { resource, object } of manifests.filter(isDefinition)) await applyObject(client, resource, object);
  const namespaces = manifests.filter(({ resource }) => resource === NAMESPACES);
  for (const { resource, object } of namespaces) await applyObject(client, resource, object);
  const secret = (name: string, stringData: Record<string, string>): Promise<unknown> =>
    applyObject(client, SECRETS, { metadata: { name, namespace: OPERATOR }, stringData } as KubeObject);
  const s3 = { AWS_ACCESS_KEY_ID: keys.accessKey, AWS_SECRET_ACCESS_KEY: keys.secretKey };
  await Promise.all([
    secret('s3-job-broker', s3),
    secret('s3-operator-service', s3),
    secret('canary-greeting', { greeting: randomHex(systemEntropy, 16) }),
  ]);
  for (const { resource, object } of manifests.filter((one) => !isDefinition(one) && one.resource !== NAMESPACES))
    await untilServed(() => applyObject(client, resource, object));
}

/** A definition that was just made is served a moment later. */
async function untilServed(attempt: () => Promise<unknown>): Promise<void> {
  await waitUntil(
    'the definitions',
    async () =>
      (await attempt().then(
        () => true,
        () => false,
      ))
        ? true
        : undefined,
    {
      clock: systemClock,
      timeoutMs: 30_000,
      intervalMs: 200,
    },
  );
}

async function isAvailable(client: KubeClient): Promise<true | undefined> {
  const { items } = await client.list<Deployment>(DEPLOYMENTS, { namespace: OPERATOR });
  return items.length === 3 && items.every(({ spec, status }) => status?.availableReplicas === spec.replicas)
    ? true
    : undefined;
}

/** A way in from this machine, which only this test needs. */
async function nodePortUrl(client: KubeClient): Promise<string> {
  const ref = { name: 'operator-service', namespace: OPERATOR };
  const service = await client.mergePatch<KubeObject & { spec: { ports: { nodePort: number }[] } }>(SERVICES, ref, {
    spec: { type: 'NodePort' },
  });
  const nodes = await client.list<KubeObject & { status: { addresses: { type: string; address: string }[] } }>(NODES);
  const address = nodes.items[0]?.status.addresses.find(({ type }) => type === 'InternalIP')?.address;
  return `http://${address}:${service.spec.ports[0]?.nodePort}`;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The node forwards a port a moment after it was asked for it. */
function answers(ask: ReturnType<typeof asking>): Promise<true | undefined> {
  return ask('GET', '/api/v1/operator/environments').then(
    () => true,
    () => undefined,
  );
}

function asking(url: string, fetch: ReturnType<typeof createNet>['fetch']) {
  let last = 0;
  return async (method: string, target: string, json?: unknown): Promise<Answer> => {
    const body = json === undefined ? '' : JSON.stringify(json);
    const nonce = String((last = Math.max(last + 1, systemClock.now() * 1000)));
    const headers = signOperatorRequest({ method, target, body, nonce }, PROVIDER_KEY, PROVIDER);
    const response = await fetch(`${url}${target}`, {
      method,
      headers: { ...headers, ...(body === '' ? {} : { 'content-type': 'application/json' }) },
      ...(body === '' ? {} : { body }),
    });
    return { status: response.status, text: await response.text() };
  };
}

export type DeployedOperator = Awaited<ReturnType<typeof deployOperator>> & { readonly cluster: RunningKindCluster };
