import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jobIdOf } from '../../../core/protocol/job-id.ts';
import { sha256Hex } from '../../../core/protocol/hashing.ts';
import { signOperatorRequest } from '../../../core/protocol/operator-auth.ts';
import { addressOfPrivateKey } from '../../../core/protocol/signing.ts';
import type { WorkflowFile, WorkflowRequest } from '../../../core/protocol/workflow.ts';
import { closeServer, listen } from '../../../core/http-listen.ts';
import { createNet } from '../../../core/net.ts';
import { ResourceStack, runningResource } from '../../../core/resource.ts';
import { systemSeams } from '../../../core/seams.ts';
import type { OpenApiDocument } from '../../../core/openapi.ts';
import type { Stage } from '../../../engine/api/names.ts';
import { objectNames, WORKFLOWS } from '../../../engine/api/names.ts';
import type { ComputeEnvironmentSpec, WorkFlow, WorkFlowStatus } from '../../../engine/api/workflow.ts';
import { installOperator } from '../../../engine/deploy/install.ts';
import { createKubeClient } from '../../../engine/kubernetes/client.ts';
import { LEASES, SECRETS } from '../../../engine/kubernetes/objects.ts';
import type { KubeObject } from '../../../engine/kubernetes/objects.ts';
import { startJobBroker } from '../../../engine/job-broker/start.ts';
import { operatorServiceDocument } from '../../../engine/operator-service/openapi.ts';
import type { OperatorServiceOptions } from '../../../engine/operator-service/start.ts';
import { startOperatorService } from '../../../engine/operator-service/start.ts';
import { createAnswerCheck } from '../openapi/answer-check.ts';
import { startApiServer } from '../../cluster/embedded/api-server.ts';
import { startEmbeddedS3 } from '../../storage/embedded/start-embedded-s3.ts';

export const NAMESPACE = 'ocean-compute';
export const PROVIDER_KEY = `0x${'42'.repeat(32)}`;
export const OTHER_PROVIDER_KEY = `0x${'43'.repeat(32)}`;
export const OWNER = addressOfPrivateKey(`0x${'44'.repeat(32)}`);
/** A Provider whose files the operator fetches, and for which it starts no job. */
export const NEIGHBOUR = addressOfPrivateKey(`0x${'46'.repeat(32)}`);
export const STRANGER = addressOfPrivateKey(`0x${'45'.repeat(32)}`);

export const ENVIRONMENT: ComputeEnvironmentSpec = {
  description: 'a lab',
  cpuNumber: 1,
  cpuType: 'any',
  gpuNumber: 0,
  gpuType: '',
  ramGb: 1,
  diskGb: 1,
  priceMin: 0,
  maxJobs: 10,
  maxJobDurationSeconds: 60,
  storageExpirySeconds: 0,
  consumerAddress: STRANGER,
  allowedChainIds: [8996],
  isolation: 'best-effort',
};

let document: OpenApiDocument | undefined;

export type OperatorLab = Awaited<ReturnType<typeof startOperatorLab>>;

export interface LabAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
  readonly headers: Headers;
}

/**
 * Operator Service and Job Broker on an embedded cluster and S3; the Provider is one that serves files, the engine a test's own hand.
 * Every answer of the Operator Service is held against its OpenAPI document; `stop` fails when one is not in it.
 */
export async function startOperatorLab() {
  const stack = new ResourceStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'operator-lab-'));
  stack.defer('folder', () => rm(folder, { recursive: true, force: true }));
  const seams = systemSeams();
  stack.defer('net', () => seams.net.close());
  const { clock, entropy, native, log } = seams;
  const files = await stack.start('provider', startFileProvider);
  const s3 = await stack.start('s3', () =>
    startEmbeddedS3({ clock, entropy, native, log, dataDir: path.join(folder, 's3') }),
  );
  const cluster = await stack.start('cluster', () => startApiServer({ clock, entropy }));
  const kubeconfigPath = path.join(folder, 'kubeconfig');
  await writeFile(kubeconfigPath, cluster.kubeconfig(), { mode: 0o600 });
  const client = await createKubeClient({ kubeconfigPath, net: seams.net });
  stack.defer('client', () => client.close());
  await installOperator(client, { namespace: NAMESPACE, environments: { [NAMESPACE]: ENVIRONMENT } });
  await renewLease();

  const storage = {
    endpoint: s3.endpoint,
    region: s3.region,
    accessKey: s3.accessKey,
    secretKey: s3.secretKey,
    resultsBucket: 'results',
    adminBucket: 'adminlogs',
  };
  const { Client } = await import('minio');
  const { hostname, port } = new URL(s3.endpoint);
  const minio = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: s3.accessKey,
    secretKey: s3.secretKey,
    region: s3.region,
  });
  for (const bucket of ['results', 'adminlogs']) await minio.makeBucket(bucket);

  const providers = [PROVIDER_KEY, OTHER_PROVIDER_KEY].map(addressOfPrivateKey);
  const answers = createAnswerCheck((document ??= operatorServiceDocument()), { codes: ['NO_ROUTE', 'BAD_REQUEST'] });
  const startService = (change: Partial<Pick<OperatorServiceOptions, 'seams' | 'storage'>> = {}) =>
    startOperatorService({
      onAnswer: answers.observe,
      seams: systemSeams({ net: createNet() }),
      kubeconfigPath,
      namespace: NAMESPACE,
      storage,
      allowedProviders: providers,
      inputProviders: [NEIGHBOUR],
      ...change,
    });
  const startBroker = () =>
    startJobBroker({
      seams: systemSeams({ net: createNet() }),
      kubeconfigPath,
      namespace: NAMESPACE,
      storage,
      allowedProviders: Object.fromEntries(providers.map((address) => [address, [files.url]])),
    });
  const service = await stack.start('service', () => startService());
  const broker = await stack.start('broker', startBroker);

  async function renewLease(): Promise<void> {
    const lease: KubeObject & { spec: object } = {
      metadata: { name: objectNames.environmentLease(NAMESPACE), namespace: NAMESPACE },
      spec: {
        holderIdentity: 'engine',
        leaseDurationSeconds: 600,
        renewTime: new Date(clock.now()).toISOString().replace('Z', '000Z'),
      },
    };
    await client.create(LEASES, lease);
  }

  let lastNonce = 0;
  const nextNonce = (): string => String((lastNonce = Math.max(lastNonce + 1, clock.now() * 1000)));
  const ask = async (
    method: string,
    target: string,
    options: { body?: unknown; key?: string; headers?: Record<string, string>; nonce?: string; url?: string } = {},
  ): Promise<LabAnswer> => {
    const body = options.body === undefined ? '' : JSON.stringify(options.body);
    const key = options.key ?? PROVIDER_KEY;
    const signed = signOperatorRequest(
      { method, target, body, nonce: options.nonce ?? nextNonce() },
      key,
      addressOfPrivateKey(key),
    );
    const response = await seams.net.fetch(`${options.url ?? service.url}${target}`, {
      method,
      headers: { ...signed, ...(body === '' ? {} : { 'content-type': 'application/json' }), ...options.headers },
      ...(body === '' ? {} : { body }),
    });
    const text = await response.text();
    return { status: response.status, text, body: jsonOf(text), headers: response.headers as unknown as Headers };
  };

  /** What the engine does when a stage begins: a token for its pod. */
  const giveToken = async (jobId: string, stage: Stage): Promise<string> => {
    const token = `${stage}-token-of-${jobId}`;
    await client.create(SECRETS, {
      metadata: {
        name: objectNames.stageToken(jobId, stage),
        namespace: NAMESPACE,
        labels: { 'oceanprotocol.com/job': jobId, 'oceanprotocol.com/stage': stage },
      },
      stringData: { token, stage, jobId },
    } as KubeObject);
    return token;
  };
  const writeStatus = (jobId: string, status: Partial<WorkFlowStatus>): Promise<WorkFlow> =>
    client.mergePatch<WorkFlow>(
      WORKFLOWS,
      { namespace: NAMESPACE, name: objectNames.workflow(jobId) },
      { status },
      { subresource: 'status' },
    );
  /** As the engine does when no pod is left: what has ended is cleaned up after at once. */
  const patchStatus = (jobId: string, status: Partial<WorkFlowStatus>): Promise<WorkFlow> =>
    writeStatus(jobId, { ...(status.finishedAt === undefined ? {} : { cleanedAt: status.finishedAt }), ...status });

  return runningResource(
    {
      folder,
      seams,
      files,
      s3,
      minio,
      client,
      service,
      broker,
      startService,
      storage,
      ask,
      nextNonce,
      giveToken,
      patchStatus,
      writeStatus,
      answers,
    },
    async () => {
      await stack.stop();
      answers.verify();
    },
  );
}

const FILES: Readonly<Record<string, string>> = {
  '/data': 'recordings of a cohort',
  '/algorithm': 'console.log("trained")',
};

/** Serves files for the capability `Bearer cap-<path>` and counts who asked. */
async function startFileProvider() {
  const asked: { path: string; authorization: string | undefined }[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://provider');
    asked.push({ path: pathname, authorization: request.headers.authorization });
    const content = FILES[pathname];
    if (content === undefined) return void response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    if (request.headers.authorization !== `Bearer cap-${pathname}`)
      return void response.writeHead(403).end('{"code":"CAPABILITY_INVALID"}');
    response.end(content);
  });
  const { port } = await listen(server);
  return runningResource({ url: `http://127.0.0.1:${port}`, asked }, () => closeServer(server));
}

export interface RequestChange {
  readonly nonce?: string;
  readonly agreementId?: string;
  readonly owner?: string;
  readonly key?: string;
  readonly rawcode?: string;
  readonly [field: string]: unknown;
}

export function workflowRequest(filesUrl: string, change: RequestChange = {}): WorkflowRequest {
  const {
    nonce = '1',
    agreementId = `0x${'a1'.repeat(32)}`,
    owner = OWNER,
    key = PROVIDER_KEY,
    rawcode,
    ...fields
  } = change;
  const provider = addressOfPrivateKey(key);
  const file = (route: string): WorkflowFile => ({
    index: 0,
    url: `${filesUrl}${route}`,
    capability: `cap-${route}`,
    checksum: sha256Hex(FILES[route] ?? ''),
  });
  return {
    jobId: jobIdOf({ chainId: 8996, provider, owner, agreementId, nonce }),
    agreementId,
    owner,
    providerAddress: provider,
    environment: NAMESPACE,
    validUntil: 0,
    nonce,
    chainId: 8996,
    workflow: {
      stages: [
        {
          index: 0,
          input: [{ index: 0, id: `did:op:${'d'.repeat(64)}`, serviceId: 's', ddo: '{}', files: [file('/data')] }],
          algorithm: {
            id: rawcode === undefined ? `did:op:${'e'.repeat(64)}` : '',
            container: { entrypoint: 'node $ALGO', image: 'node', tag: '24', checksum: `sha256:${'0'.repeat(64)}` },
            files: rawcode === undefined ? [file('/algorithm')] : [],
            ...(rawcode === undefined ? {} : { rawcode }),
          },
          compute: { maxDurationSeconds: 60, networkAccess: false },
          output: { metadataUri: 'http://127.0.0.1:1' },
        },
      ],
    },
    ...fields,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
