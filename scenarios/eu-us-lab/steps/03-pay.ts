import type { Checks, ComputeOrder, ComputeQuote, PublishedAsset } from '../../../harness/index.ts';
import type { TheCase } from '../the-case.ts';
import type { OpenForComputing } from './02-approve-cohort-statistics.ts';

export interface StartedJob {
  readonly jobId: string;
  readonly order: ComputeOrder;
}

/** Two datatokens at the exchange, the fee of an environment that has a price, two orders: then the job may start. */
export async function payAndStart(
  check: Checks,
  lab: TheCase,
  { dataset, cohort }: OpenForComputing,
): Promise<StartedJob> {
  const { actors, testbed, jobs } = lab;
  const { usLab, stranger } = actors;
  const purchase = check.accepted('a datatoken of the recordings is bought', await usLab.buyDatatoken(dataset));
  check.equal('the US lab holds it', await usLab.balanceOf(dataset.datatoken), ONE_DATATOKEN);
  check.accepted('a datatoken of the algorithm is bought', await usLab.buyDatatoken(cohort.asset));

  const request = { dataset, algorithm: cohort.asset, environment: testbed.environments.paid };
  const quote = check.accepted('the environment is quoted', await usLab.initializeCompute(request));
  const order = await payQuote(check, lab, quote, cohort.asset);
  check.equal('the datatoken was spent', await usLab.balanceOf(dataset.datatoken), 0n);

  const withTransaction = (hash: string): ComputeOrder => ({
    ...order,
    transferTxIds: { ...order.transferTxIds, [dataset.did]: hash },
  });
  check.refused(
    'a start that names the purchase in place of the order',
    await usLab.startCompute(withTransaction(purchase)),
    {
      code: 'ORDER_NOT_FOUND',
      field: 'dataset.serviceId',
    },
  );
  const job = await check.twins('a start with this order', {
    refused: () => stranger.startCompute(order),
    because: { status: 400, code: 'ORDER_NOT_YOURS', field: 'dataset.serviceId', rule: 'order.consumer' },
    accepted: () => usLab.startCompute(order),
  });
  jobs.add(job.jobId, 'cohort statistics');
  check.refused('a second run at the same time', await usLab.startCompute(order), {
    code: 'ORDER_IN_USE',
    rule: 'order.oneRunAtATime',
  });
  return { jobId: job.jobId, order };
}

const ONE_DATATOKEN = 10n ** 18n;

async function payQuote(
  check: Checks,
  { actors: { usLab } }: TheCase,
  quote: ComputeQuote,
  algorithm: PublishedAsset,
): Promise<ComputeOrder> {
  const { environment, request } = quote;
  const { dataset } = request;
  const [datasetQuote = {}, algorithmQuote = {}] = [quote.datasets[0], quote.algorithm];
  const fee = feeOf(datasetQuote) + feeOf(algorithmQuote);
  check.that('the environment has a price', fee > 0n, String(fee));

  const before = await usLab.balanceOf(environment.feeToken);
  const consumer = environment.consumerAddress;
  const transferTxIds = {
    [dataset.did]: check.accepted('the recordings are ordered', await usLab.order(dataset, datasetQuote, { consumer })),
    [algorithm.did]: check.accepted(
      'the algorithm is ordered',
      await usLab.order(algorithm, algorithmQuote, { consumer }),
    ),
  };
  const paid = before - (await usLab.balanceOf(environment.feeToken));
  check.equal('the orders cost the fee that was quoted', paid, fee);
  return { request, environment, transferTxIds };
}

function feeOf(quote: ComputeQuote['datasets'][number]): bigint {
  return BigInt(quote.providerFee?.providerFeeAmount ?? 0);
}
