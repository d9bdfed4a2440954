import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../../core/clock.ts';
import { systemEntropy } from '../../../../core/entropy.ts';
import { createNet } from '../../../../core/net.ts';
import type { RunningResource } from '../../../../core/resource.ts';
import { ResourceStack, runningResource } from '../../../../core/resource.ts';
import { systemSeams } from '../../../../core/seams.ts';
import { waitUntil } from '../../../../core/wait-until.ts';
import { WORKFLOWS, objectNames } from '../../../../engine/api/names.ts';
import type { PodScript } from '../../../../engine/api/pod-command.ts';
import { podCommand } from '../../../../engine/api/pod-command.ts';
import type { WorkFlow, WorkFlowSpec, WorkFlowStatus } from '../../../../engine/api/workflow.ts';
import { installOperator } from '../../../../engine/deploy/install.ts';
import type { KubeClient } from '../../../../engine/kubernetes/client.ts';
import { startReflector } from '../../../../engine/kubernetes/reflector.ts';
import type { OperatorEngineOptions } from '../../../../engine/operator-engine/start.ts';
import { startOperatorEngine } from '../../../../engine/operator-engine/start.ts';
import { ENVIRONMENT, NAMESPACE, workflowOf } from '../../../integration/engine/testing/engine-lab.ts';
import type { RunningKindCluster } from '../start-kind-cluster.ts';

export { NAMESPACE };

/** An engine on a real cluster. The stages of ours are scripts of a line, and this lab says what the broker would say. */
export interface EngineOnKind extends RunningResource {
  readonly client: KubeClient;
  submit(spec: Partial<WorkFlowSpec>): Promise<string>;
  workflow(jobId: string): WorkFlow | undefined;
  inPhase(jobId: string, phase: string): Promise<WorkFlow>;
  ended(jobId: string): Promise<WorkFlow>;
}

const FOLDERS =
  "for (const d of ['inputs','ddos','transformations','outputs','logs']) require('fs').mkdirSync('/data/' + d)";
const DID_WHAT_IT_SHOULD = {
  configure: { ok: true, files: [] },
  publish: { ok: true, published: 0, refused: [] },
} as const;
const WAIT_MS = 110_000;

/** The gate is the real one; the other stages are a line each. */
export function scriptCommand(script: PodScript): readonly string[] {
  return script === 'gate' ? podCommand('gate') : ['node', '-e', script === 'configure' ? FOLDERS : '0'];
}

export async function startEngineOnKind(
  cluster: RunningKindCluster,
  options: Partial<OperatorEngineOptions> = {},
): Promise<EngineOnKind> {
  const stack = new ResourceStack({ budgetMs: 30_000 });
  const { client } = cluster;
  await installOperator(client, {
    namespace: NAMESPACE,
    environments: { lab: { ...ENVIRONMENT, ramGb: 0.1, diskGb: 0.01 } },
  });
  const net = createNet();
  stack.defer('net', () => net.close());
  const seams = systemSeams({ net });
  const folder = await mkdtemp(path.join(tmpdir(), 'engine-on-kind-'));
  stack.defer('folder', () => rm(folder, { recursive: true, force: true }));
  const workflows = startReflector<WorkFlow>({ client, seams, resource: WORKFLOWS, namespace: NAMESPACE });
  stack.defer('workflows', () => workflows.stop());
  const pending = new Set<Promise<unknown>>();
  workflows.cache.onChange((_key, workflow) => {
    const status = workflow && answerOfBroker(workflow);
    if (!workflow || !status) return;
    const { name } = workflow.metadata;
    const sent = client
      .mergePatch(WORKFLOWS, { name, namespace: NAMESPACE }, { status }, { subresource: 'status' })
      .catch(() => undefined)
      .finally(() => pending.delete(sent));
    pending.add(sent);
  });
  stack.defer('answers of the broker', async () => void (await Promise.all(pending)));
  await workflows.synced;
  await stack.start('engine', () =>
    startOperatorEngine({
      seams,
      kubeconfigPath: cluster.kubeconfigPath,
      namespace: NAMESPACE,
      podsImage: cluster.podsImage,
      podsCommand: scriptCommand,
      imagePullPolicy: 'Never',
      cpuOvercommit: 20,
      brokerUrlForPods: `http://${cluster.hostAddressFromPods}:9`,
      brokerEgress: { cidr: `${cluster.hostAddressFromPods}/32`, port: 9 },
      gate: cluster.gate.gate,
      isolation: 'required',
      capabilities: Object.fromEntries(
        Object.entries(cluster.capabilities).map(([name, { enforcement }]) => [name, enforcement]),
      ),
      retentionSeconds: 3600,
      terminationGraceSeconds: 1,
      ...options,
    }),
  );
  const workflow = (jobId: string): WorkFlow | undefined =>
    workflows.cache.get(`${NAMESPACE}/${objectNames.workflow(jobId)}`);
  const until = (what: string, jobId: string, isSo: (found: WorkFlow) => boolean): Promise<WorkFlow> =>
    waitUntil(
      `${jobId} ${what}`,
      () => {
        const found = workflow(jobId);
        return found !== undefined && isSo(found) ? found : undefined;
      },
      { clock: systemClock, timeoutMs: WAIT_MS, intervalMs: 20 },
    );
  const facts = {
    client,
    workflow,
    async submit(spec: Partial<WorkFlowSpec>) {
      const made = workflowOf(Buffer.from(systemEntropy.bytes(5)).readUIntBE(0, 5), spec);
      await client.create<WorkFlow>(WORKFLOWS, made);
      return made.spec.jobId;
    },
    inPhase: (jobId: string, phase: string) => until(`in ${phase}`, jobId, ({ status }) => status?.phase === phase),
    ended: (jobId: string) => until('ended', jobId, ({ status }) => status?.cleanedAt !== undefined),
  };
  return runningResource(facts, () => stack.stop());
}

/** What the broker and the archive would write now. */
function answerOfBroker({ status }: WorkFlow): Partial<WorkFlowStatus> | undefined {
  const { phase, reports, finishedAt, archived } = status ?? {};
  if (finishedAt !== undefined) return archived ? undefined : { archived: true };
  if (phase === 'configuringVolumes' && reports?.configure === undefined)
    return { reports: { configure: { ...DID_WHAT_IT_SHOULD.configure, files: [] } } };
  if (phase === 'publishingResults' && reports?.publish === undefined)
    return { reports: { publish: { ...DID_WHAT_IT_SHOULD.publish, refused: [] } }, results: [] };
  return undefined;
}
