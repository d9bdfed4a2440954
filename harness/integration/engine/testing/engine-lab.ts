import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Clock } from '../../../../core/clock.ts';
import { systemClock } from '../../../../core/clock.ts';
import { seededEntropy } from '../../../../core/entropy.ts';
import type { Net } from '../../../../core/net.ts';
import { createNet } from '../../../../core/net.ts';
import type { RunningResource } from '../../../../core/resource.ts';
import { ResourceStack, runningResource } from '../../../../core/resource.ts';
import { systemSeams } from '../../../../core/seams.ts';
import { waitUntil } from '../../../../core/wait-until.ts';
import { FINALIZERS, WORKFLOWS, objectNames } from '../../../../engine/api/names.ts';
import type { ComputeEnvironmentSpec, WorkFlow, WorkFlowSpec } from '../../../../engine/api/workflow.ts';
import { installOperator } from '../../../../engine/deploy/install.ts';
import { createKubeClient } from '../../../../engine/kubernetes/client.ts';
import type { KubeClient } from '../../../../engine/kubernetes/client.ts';
import type { OperatorEngineOptions, RunningOperatorEngine } from '../../../../engine/operator-engine/start.ts';
import { startOperatorEngine } from '../../../../engine/operator-engine/start.ts';
import { startApiServer } from '../../../cluster/embedded/api-server.ts';
import type { RunningApiServer } from '../../../cluster/embedded/api-server.ts';
import type { Script } from './instant-kubelet.ts';
import { InstantKubelet, find } from './instant-kubelet.ts';

export const NAMESPACE = 'ocean';

export const ENVIRONMENT: ComputeEnvironmentSpec = {
  description: 'test',
  cpuNumber: 1,
  cpuType: '',
  gpuNumber: 0,
  gpuType: '',
  ramGb: 1,
  diskGb: 1,
  priceMin: 0,
  maxJobs: 1000,
  maxJobDurationSeconds: 3600,
  storageExpirySeconds: 0,
  consumerAddress: '0x0000000000000000000000000000000000000001',
  allowedChainIds: [],
  isolation: 'best-effort',
};

export interface EngineLab extends RunningResource {
  readonly api: RunningApiServer;
  readonly admin: KubeClient;
  readonly kubelet: InstantKubelet;
  readonly clock: Clock;
  /** An engine with the engine's own rights and nothing more. */
  startEngine(options?: Partial<OperatorEngineOptions>, net?: Net): Promise<RunningOperatorEngine>;
  submit(index: number, spec?: Partial<WorkFlowSpec>): Promise<string>;
  requestStop(jobId: string): Promise<void>;
  workflow(jobId: string): WorkFlow | undefined;
  /** The record that reached the archive. */
  ended(jobId: string): Promise<WorkFlow>;
  gone(jobId: string): Promise<void>;
  inPhase(jobId: string, phase: string): Promise<WorkFlow>;
  /** Pods, claims and Secrets of jobs. */
  leftovers(): string[];
}

export interface LabOptions {
  readonly scriptOf?: (workflow: WorkFlow) => Script;
  readonly environment?: Partial<ComputeEnvironmentSpec>;
  readonly clock?: Clock;
}

export async function startEngineLab(options: LabOptions = {}): Promise<EngineLab> {
  const stack = new ResourceStack();
  const clock = options.clock ?? systemClock;
  const entropy = seededEntropy('engine-lab');
  const api = await stack.start('API server', () => startApiServer({ clock, entropy }));
  const net = createNet();
  stack.defer('net', () => net.close());
  const admin = await createKubeClient({ kubeconfig: api.kubeconfig(), net });
  const environments = { lab: { ...ENVIRONMENT, ...options.environment } };
  await installOperator(admin, { namespace: NAMESPACE, environments });
  const kubelet = new InstantKubelet(api.access, clock, options.scriptOf ?? (() => ({})));
  stack.defer('kubelet', () => kubelet.stop());
  const folder = await mkdtemp(path.join(tmpdir(), 'engine-lab-'));
  stack.defer('folder', () => rm(folder, { recursive: true, force: true }));
  const kubeconfigPath = path.join(folder, 'kubeconfig');
  const user = { username: `system:serviceaccount:${NAMESPACE}:operator-engine`, groups: ['system:authenticated'] };
  await writeFile(kubeconfigPath, api.kubeconfig(user), { mode: 0o600 });
  let engines = 0;
  const workflow = (jobId: string): WorkFlow | undefined =>
    find(api.access, WORKFLOWS, NAMESPACE, objectNames.workflow(jobId)) as unknown as WorkFlow | undefined;
  const wait = <T>(what: string, observe: () => T | undefined): Promise<T> =>
    waitUntil(what, observe, { clock: systemClock, timeoutMs: 15_000, intervalMs: 2 });
  const facts = {
    api,
    admin,
    kubelet,
    clock,
    async startEngine(more: Partial<OperatorEngineOptions> = {}, engineNet = createNet()) {
      const engine = await startOperatorEngine({
        seams: systemSeams({ clock, net: engineNet, entropy: seededEntropy(`engine-${engines++}`) }),
        kubeconfigPath,
        namespace: NAMESPACE,
        podsImage: 'wavetank-pods:1',
        brokerUrlForPods: 'http://192.0.2.1:9',
        brokerEgress: { cidr: '192.0.2.1/32', port: 9 },
        isolation: 'best-effort',
        retentionSeconds: 0,
        ...more,
      });
      stack.defer('engine', async () => {
        await engine.stop();
        await engineNet.close();
      });
      return engine;
    },
    async submit(index: number, spec: Partial<WorkFlowSpec> = {}) {
      const made = workflowOf(index, spec);
      await admin.create<WorkFlow>(WORKFLOWS, made);
      return made.spec.jobId;
    },
    async requestStop(jobId: string) {
      const ref = { name: objectNames.workflow(jobId), namespace: NAMESPACE };
      await admin.mergePatch(WORKFLOWS, ref, { spec: { stopRequested: true } });
    },
    workflow,
    ended: (jobId: string) => wait(`the end of ${jobId}`, () => kubelet.archive.get(jobId)),
    async gone(jobId: string) {
      await wait(`${jobId} to be gone`, () => (workflow(jobId) === undefined ? true : undefined));
    },
    inPhase: (jobId: string, phase: string) =>
      wait(`${jobId} in ${phase}`, () => {
        const found = workflow(jobId);
        return found?.status?.phase === phase ? found : undefined;
      }),
    leftovers: () =>
      ['pods', 'persistentvolumeclaims', 'secrets'].flatMap((resource) =>
        api.access
          .list({ group: '', version: 'v1', resource }, NAMESPACE)
          .filter((object) => object.metadata.labels?.['oceanprotocol.com/job'] !== undefined)
          .map((object) => `${resource}/${object.metadata.name}`),
      ),
  };
  return runningResource(facts, () => stack.stop());
}

export function workflowOf(index: number, spec: Partial<WorkFlowSpec> = {}): WorkFlow {
  const jobId = index.toString(16).padStart(32, '0');
  return {
    apiVersion: 'oceanprotocol.com/v1alpha1',
    kind: 'WorkFlow',
    metadata: { name: objectNames.workflow(jobId), namespace: NAMESPACE, finalizers: [FINALIZERS.job] },
    spec: {
      jobId,
      owner: '0x00000000000000000000000000000000000000aa',
      agreementId: `0x${index}`,
      chainId: 8996,
      provider: '0x00000000000000000000000000000000000000bb',
      environment: 'lab',
      algorithm: { did: 'did:op:algo', image: 'node:22', entrypoint: 'node $ALGO' },
      inputs: [{ did: 'did:op:data', serviceId: 's', fileCount: 1 }],
      networkAccess: false,
      maxDurationSeconds: 600,
      validUntil: 0,
      secret: { name: objectNames.secret(jobId, 'd'), digest: 'd' },
      ...spec,
    },
  };
}
