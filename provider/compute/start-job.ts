import { nowSeconds } from '../../core/clock.ts';
import type { ComputeJob } from '../../core/protocol/job-status.ts';
import type { WorkflowRequest } from '../../core/protocol/workflow.ts';
import type { Seams } from '../../core/seams.ts';
import type { OrderReader } from '../access/order-reader.ts';
import type { ValidOrder } from '../access/order.ts';
import type { Capabilities } from '../auth/capability.ts';
import type { ForeignProviders } from '../foreign/foreign-providers.ts';
import { hashFile } from '../files/checksums.ts';
import type { FileSource } from '../files/file-source.ts';
import type { OperatorAnswer, OperatorClient } from '../operator-client.ts';
import type { ProviderLimits } from '../config.ts';
import type { Checked } from '../refusal.ts';
import { Refused, orRefuse, passed, refuse } from '../refusal.ts';
import type { Signer } from '../signer.ts';
import type { Run, UsageLedger } from '../stores/usage-ledger.ts';
import { orderKeyOf } from '../stores/usage-ledger.ts';
import type { JobInput } from './job-request.ts';
import type { Payment } from './payment.ts';
import { checkPayment } from './payment.ts';
import type { JobPreparer } from './prepare-job.ts';
import type { PreparedDataset } from './prepared-job.ts';
import type { RunSettlement } from './run-settlement.ts';
import type { FileFacts } from './workflow.ts';
import { buildWorkflow } from './workflow.ts';

export interface StartRequest {
  readonly input: JobInput;
  readonly nonce: string;
  readonly requestId: string;
}

export interface JobStarter {
  /** @throws Refused with the first rule that does not hold; nothing was reserved then */
  start(request: StartRequest): Promise<OperatorAnswer<readonly ComputeJob[]>>;
}

export interface StarterParts {
  readonly seams: Seams;
  readonly preparer: JobPreparer;
  readonly orders: OrderReader;
  readonly source: FileSource;
  readonly foreign: Pick<ForeignProviders, 'files'>;
  readonly ledger: UsageLedger;
  readonly settlement: RunSettlement;
  readonly operator: OperatorClient;
  readonly capabilities: Capabilities;
  readonly limits: ProviderLimits;
  /** Where job brokers fetch inputs; known once the Provider listens. */
  readonly inputUrl: () => string;
  readonly metadataCacheUrl: string;
}

export function createJobStarter(parts: StarterParts): JobStarter {
  const { seams, ledger, limits } = parts;
  async function reserve(workflow: WorkflowRequest, payment: Payment): Promise<void> {
    const orderKeys = exclusiveOrders(payment).map(orderKeyOf);
    const reservation = {
      jobId: workflow.jobId,
      provider: workflow.providerAddress,
      owner: workflow.owner,
      chainId: workflow.chainId,
      orderKeys,
    };
    for (let attempt = 0; attempt <= orderKeys.length; attempt++) {
      const outcome = ledger.reserve({ ...reservation, now: seams.clock.now() });
      if (outcome.reserved) return;
      if (outcome.blockedBy.jobId === workflow.jobId) throw startedBefore(outcome.blockedBy);
      if (!(await parts.settlement.settle(outcome.blockedBy))) throw orderInUse(outcome.blockedBy);
    }
    throw orderInUse(undefined);
  }

  /** A refusal frees the orders at once; no answer leaves the run reserved, since the job may exist. */
  async function submit(signer: Signer, workflow: WorkflowRequest): Promise<OperatorAnswer<readonly ComputeJob[]>> {
    const answer = await parts.operator.start(signer, workflow);
    const now = seams.clock.now();
    if (answer.ok) ledger.confirm(workflow.jobId, now);
    else if (answer.status < 500) ledger.giveBack(workflow.jobId, now);
    return answer;
  }

  return {
    async start({ input, nonce, requestId }) {
      const job = orRefuse(await parts.preparer.prepare(input, { isStart: true }), 'fields');
      const payment = orRefuse(await checkPayment(job, parts.orders, limits.receiptWaitMs), 'fields');
      const datasetFiles = await Promise.all(
        job.datasets.map(async (dataset) => orRefuse(await filesOf(dataset, parts), 'fields')),
      );
      const { inputUrl, metadataCacheUrl, capabilities } = parts;
      const workflow = await buildWorkflow({
        job,
        payment,
        datasetFiles,
        nonce,
        requestId,
        now: nowSeconds(seams.clock),
        inputUrl: inputUrl(),
        metadataCacheUrl,
        capabilities,
        capabilitySeconds: limits.capabilitySeconds,
      });
      const underWay = await parts.settlement.beginStart(workflow.jobId);
      if (!underWay) throw orderInUse(undefined);
      try {
        await reserve(workflow, payment);
        seams.log.info('A job is being started.', {
          jobId: workflow.jobId,
          requestId,
          environment: workflow.environment,
        });
        return await submit(job.chain.signer, workflow);
      } finally {
        underWay.end();
      }
    },
  };
}

/**
 * The orders that serve one job at a time: every dataset's, and the algorithm's where it carries the environment's fee.
 * An algorithm that was only bought may run in several jobs at once (P8).
 */
function exclusiveOrders({ datasets, algorithm }: Payment): readonly ValidOrder[] {
  return algorithm && algorithm.fee.paysEnvironment !== false ? [...datasets, algorithm] : datasets;
}

const UNKNOWN: FileFacts = { checksum: undefined, length: undefined };

/** A file past the limit goes unverified, and the job's record says so; an unreadable one is no job to start. */
async function filesOf(
  dataset: PreparedDataset,
  { source, foreign, limits }: StarterParts,
): Promise<Checked<readonly FileFacts[]>> {
  if (dataset.foreign)
    return foreign.files(dataset.source, dataset.foreign, { userdata: dataset.userdata }, dataset.field);
  const digests: FileFacts[] = [];
  for (const file of dataset.files) {
    const digest = await hashFile(source, file, { maxBytes: limits.checksumBytes, userdata: dataset.userdata });
    if (!digest.ok && digest.reason.code !== 'FILE_TOO_LARGE') {
      return refuse({ ...digest.reason, field: `${dataset.field}.serviceId`, classic: 'file_unavailable' });
    }
    digests.push(digest.ok ? digest.value : UNKNOWN);
  }
  return passed(digests);
}

/** The run of this very request: it was given back while its request was sent again, or its job has gone. */
function startedBefore(run: Run): Refused {
  const message = `This nonce has started the job ${run.jobId}.`;
  return new Refused(
    { code: 'NONCE_ALREADY_USED', field: 'nonce', rule: 'auth.nonce.window', message, classic: message },
    'validation',
  );
}

function orderInUse(run: Run | undefined): Refused {
  const which = run ? `the job ${run.jobId}` : 'another job';
  return new Refused(
    {
      code: 'ORDER_IN_USE',
      field: 'dataset.serviceId',
      rule: 'order.oneRunAtATime',
      message: `The order pays for ${which}, which has not ended.`,
      classic: 'order_in_use',
    },
    'fields',
  );
}
