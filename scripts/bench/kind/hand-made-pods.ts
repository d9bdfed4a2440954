import { readFileSync } from 'node:fs';
import { algorithmCatalogue } from '../../../fixtures/algorithms/catalogue.ts';
import type { Stage } from '../../../engine/api/names.ts';
import { LABELS, MANAGED_BY } from '../../../engine/api/names.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import type { KubeObject } from '../../../engine/kubernetes/objects.ts';
import { NAMESPACES, NETWORK_POLICIES, PODS, VOLUME_CLAIMS } from '../../../engine/kubernetes/objects.ts';
import type { Container, Pod } from '../../../engine/kubernetes/pod-types.ts';
import { NAMESPACE } from '../../../harness/cluster/namespace.ts';
import type { JobObjects } from './job-objects.ts';

/** Three pods like those of a job, made by hand one after the other: what the cluster itself takes for them. */
export interface HandMadePods {
  /** From the volume claim's creation to the third pod's end. Milliseconds. */
  threePods(): Promise<number>;
  stop(): Promise<void>;
}

const OWN_NAMESPACE = 'wavetank-bench';
const STAGES: readonly Stage[] = ['configure', 'compute', 'publish'];

/** Puts on the volume what compute expects there, as a consumer's no-op job would find it. */
const FILL = `
const fs = require('node:fs');
for (const d of ['inputs','ddos','transformations','outputs','logs']) fs.mkdirSync('/data/' + d);
fs.writeFileSync('/data/transformations/algorithm', ${JSON.stringify(readFileSync(algorithmCatalogue['no-op'].file, 'utf8'))});
`;
/** Nothing of ours has to be said to anybody: a bare Node. */
const INSTEAD: Readonly<Partial<Record<Stage, readonly string[]>>> = {
  configure: ['node', '-e', FILL],
  publish: ['node', '-e', '0'],
};

/**
 * The very objects of a job as the cluster returned them, gate, limits and policies included, in a namespace that no engine looks at. Only what needs the
 * broker is left out: its token, and what configure and publish do with it.
 */
export async function startHandMadePods(client: KubeClient, job: JobObjects): Promise<HandMadePods> {
  const jobs = await client.get<KubeObject>(NAMESPACES, { name: NAMESPACE });
  const labels = {
    ...jobs.metadata.labels,
    'kubernetes.io/metadata.name': OWN_NAMESPACE,
    [LABELS.managedBy]: MANAGED_BY,
  };
  await client.create<KubeObject>(NAMESPACES, { metadata: { name: OWN_NAMESPACE, labels } });
  const policies = await client.list<KubeObject & { readonly spec: object }>(NETWORK_POLICIES, {
    namespace: NAMESPACE,
  });
  for (const { metadata, spec } of policies.items)
    await client.create(NETWORK_POLICIES, { metadata: placed(metadata.name), spec } as KubeObject);
  const stop = new AbortController();
  const waiting = new Map<string, (isGood: boolean) => void>();
  const watching = watchEnds(client, stop.signal, (name, isGood) => waiting.get(name)?.(isGood));
  watching.catch(() => undefined); // told below
  let made = 0;

  async function runPod(stage: Stage, claim: string): Promise<string> {
    const name = `${claim}-${stage}`;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    waiting.set(name, resolve);
    await client.create(PODS, podLike(job.pods[stage], { name, stage, claim }));
    const isGood = await Promise.race([promise, watching.then(() => false)]);
    waiting.delete(name);
    if (!isGood) throw new Error(`The hand-made pod ${name} failed: ${JSON.stringify(await statusOf(client, name))}`);
    return name;
  }

  return {
    async threePods() {
      const claim = `hand-${made++}`;
      const startedAt = performance.now();
      const { storageClassName, accessModes, resources } = job.claim.spec;
      const spec = { storageClassName, accessModes, resources };
      await client.create(VOLUME_CLAIMS, { metadata: placed(claim), spec } as KubeObject);
      const pods: string[] = [];
      for (const stage of STAGES) pods.push(await runPod(stage, claim));
      const ms = performance.now() - startedAt;
      const of = (name: string): { name: string; namespace: string } => ({ name, namespace: OWN_NAMESPACE });
      for (const name of pods) await client.delete(PODS, of(name), { gracePeriodSeconds: 0 });
      await client.delete(VOLUME_CLAIMS, of(claim));
      return ms;
    },
    async stop() {
      stop.abort();
      await watching.catch(() => undefined);
      await client.delete(NAMESPACES, { name: OWN_NAMESPACE });
    },
  };
}

function placed(name: string): { readonly name: string; readonly namespace: string } {
  return { name, namespace: OWN_NAMESPACE };
}

/** Everything that decides how long a pod takes stays as it was. */
function podLike(
  { spec, metadata }: Pod,
  { name, stage, claim }: { readonly name: string; readonly stage: Stage; readonly claim: string },
): KubeObject {
  const { nodeName: _scheduled, ...rest } = spec;
  const command = INSTEAD[stage];
  const withCommand = (container: Container): Container =>
    command === undefined ? container : { ...container, command: [...command] };
  return {
    metadata: { ...placed(name), labels: { ...metadata.labels, [LABELS.job]: claim } },
    spec: {
      ...rest,
      containers: spec.containers.map(withCommand),
      volumes: spec.volumes?.map((volume) => {
        if ('persistentVolumeClaim' in volume) return { ...volume, persistentVolumeClaim: { claimName: claim } };
        return 'secret' in volume ? { name: volume.name, emptyDir: {} } : volume;
      }),
    },
  } as KubeObject;
}

async function watchEnds(
  client: KubeClient,
  signal: AbortSignal,
  onEnd: (name: string, isGood: boolean) => void,
): Promise<void> {
  const { metadata } = await client.list<Pod>(PODS, { namespace: OWN_NAMESPACE });
  const { resourceVersion = '' } = metadata;
  const events = client.watch<Pod>(PODS, { namespace: OWN_NAMESPACE, resourceVersion, signal });
  for await (const { type, object } of events) {
    const phase = type === 'MODIFIED' ? object.status?.phase : undefined;
    if (phase === 'Succeeded' || phase === 'Failed') onEnd(object.metadata.name, phase === 'Succeeded');
  }
}

async function statusOf(client: KubeClient, name: string): Promise<unknown> {
  return (await client.find<Pod>(PODS, { name, namespace: OWN_NAMESPACE }))?.status;
}
