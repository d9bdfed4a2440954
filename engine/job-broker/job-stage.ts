import { WavetankError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/protocol/hashing.ts';
import type { WorkflowFile, WorkflowStage } from '../../core/protocol/workflow.ts';
import type { ConfigurePlan, PlannedFile } from '../api/broker-http.ts';
import { COMPUTE_ENVIRONMENTS, objectNames, WORKFLOWS } from '../api/names.ts';
import type { ComputeEnvironment, WorkFlow } from '../api/workflow.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { SECRETS } from '../kubernetes/objects.ts';
import type { SecretObject } from './stage-tokens.ts';

export interface LoadedJob {
  readonly workflow: WorkFlow;
  readonly stage: WorkflowStage;
  /** The consumer of orders for the job's environment; '' when the job needs none. */
  readonly environmentAddress: string;
}

const MAX_CACHED_JOBS = 200;

/** Reads what a job is made of: its WorkFlow, and code, parameters and capabilities from the Secret that it names by digest. */
export class JobStages {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #cache = new Map<string, Promise<LoadedJob>>();

  constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** @throws WavetankError JOB_INPUTS_CHANGED when the Secret is not the one that was accepted */
  load(jobId: string): Promise<LoadedJob> {
    const cached = this.#cache.get(jobId);
    if (cached) return cached;
    const loading = this.#load(jobId);
    this.#cache.set(jobId, loading);
    loading.catch(() => this.#cache.delete(jobId));
    if (this.#cache.size > MAX_CACHED_JOBS) this.#cache.delete(this.#cache.keys().next().value ?? '');
    return loading;
  }

  forget(jobId: string): void {
    this.#cache.delete(jobId);
  }

  async #load(jobId: string): Promise<LoadedJob> {
    const namespace = this.#namespace;
    const workflow = await this.#client.get<WorkFlow>(WORKFLOWS, { namespace, name: objectNames.workflow(jobId) });
    const { name, digest } = workflow.spec.secret;
    const secret = await this.#client.get<SecretObject>(SECRETS, { namespace, name });
    const text = Buffer.from(secret.data?.['stage.json'] ?? '', 'base64').toString('utf8');
    if (sha256Hex(text) !== digest)
      throw new WavetankError('JOB_INPUTS_CHANGED', 'The inputs of this job are not the ones that were accepted.');
    const stage = JSON.parse(text) as WorkflowStage;
    const environmentAddress = hasRemoteFiles(stage) ? await this.#addressOf(workflow.spec.environment) : '';
    return { workflow, stage, environmentAddress };
  }

  async #addressOf(environment: string): Promise<string> {
    const reference = { namespace: this.#namespace, name: environment };
    return (await this.#client.get<ComputeEnvironment>(COMPUTE_ENVIRONMENTS, reference)).spec.consumerAddress;
  }
}

function hasRemoteFiles({ input, algorithm }: WorkflowStage): boolean {
  return [...input.flatMap(({ files }) => files), ...algorithm.files].some(({ remote }) => remote !== undefined);
}

/** What pod-configure is told: names, checksums and code, but neither an address nor a capability. */
export function configurePlan(jobId: string, { input, algorithm }: WorkflowStage): ConfigurePlan {
  return {
    jobId,
    inputs: input.map(({ index, id, serviceId, ddo, files }) => ({
      index,
      did: id,
      serviceId,
      ddo,
      files: files.map(planned),
    })),
    algorithm: {
      did: algorithm.id,
      ...(algorithm.ddo === undefined ? {} : { ddo: algorithm.ddo }),
      ...(algorithm.rawcode === undefined ? {} : { rawcode: algorithm.rawcode }),
      files: algorithm.files.map(planned),
    },
    algoCustomData: JSON.stringify(algorithm.algocustomdata ?? null),
  };
}

function planned({ index, checksum, contentLength }: WorkflowFile): PlannedFile {
  return {
    index,
    ...(checksum === undefined ? {} : { checksum }),
    ...(contentLength === undefined ? {} : { contentLength }),
  };
}

/** One file of the job; undefined when there is none by these numbers. */
export function fileOf(stage: WorkflowStage, input: number | 'algorithm', file: number): WorkflowFile | undefined {
  const files = input === 'algorithm' ? stage.algorithm.files : stage.input.find((one) => one.index === input)?.files;
  return files?.find((one) => one.index === file);
}
