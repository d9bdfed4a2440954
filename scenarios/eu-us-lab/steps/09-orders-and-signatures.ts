import type { Checks, ComputeOrder } from '../../../harness/index.ts';
import { endedAs, startAndFollow, stateOf } from '../jobs.ts';
import type { TheCase } from '../the-case.ts';
import { ORDER_SECONDS } from './01-publish-recordings.ts';
import type { StartedJob } from './03-pay.ts';
import { indexOf } from './04-cohort-results.ts';
import type { Outcome } from '../hostile/experiments.ts';
import type { EndedAttack } from '../hostile/launch.ts';

/** What an order and a signature are good for, and how long. */
export async function ordersAndSignatures(
  check: Checks,
  lab: TheCase,
  cohortRun: StartedJob,
  { outcomes }: EndedAttack,
): Promise<void> {
  await nonces(check, lab, cohortRun);
  await spellings(check, lab, cohortRun);
  const endless = outcomes.get('endless running');
  if (!endless) return check.skip('orders', 'no order was paid for a short time only');
  if (!lab.testbed.chain.timeIsMovable)
    return check.skip('orders', 'the time of this chain cannot be moved, and half an hour is not waited for');
  const renewed = await freshFee(check, lab, endless);
  await expiry(check, lab, renewed);
}

async function nonces(check: Checks, { actors: { usLab, stranger } }: TheCase, { jobId }: StartedJob): Promise<void> {
  const listed = check.accepted('the results are listed', await usLab.results(jobId));
  const index = indexOf(listed, 'cohort.json');
  const used = await usLab.nonce();
  await check.twins('a request with a nonce that was used', {
    refused: () => usLab.downloadResult(jobId, index, { nonce: used }),
    because: { status: 400, code: 'NONCE_NOT_GREATER', field: 'nonce', rule: 'auth.nonce.rising' },
    accepted: () => usLab.downloadResult(jobId, index),
  });
  await check.twins('a request with a forged signature', {
    refused: () => usLab.downloadResult(jobId, index, { signature: `0x${'5a'.repeat(64)}1b` }),
    because: { status: 400, code: 'SIGNATURE_INVALID', field: 'signature' },
    accepted: () => usLab.downloadResult(jobId, index),
  });
  check.refused(
    "a request signed with another's key",
    await usLab.downloadResult(jobId, index, { privateKey: stranger.privateKey }),
    { status: 400, code: 'SIGNATURE_INVALID', field: 'signature' },
  );
}

/** An address is the same in every spelling, for who may as for which nonces were used; the signed text is as it was sent. */
async function spellings(check: Checks, { actors: { usLab } }: TheCase, { jobId }: StartedJob): Promise<void> {
  const consumerAddress = usLab.address.toLowerCase();
  const nonce = String(Number(await usLab.nonce()) + 1);
  const signed = { nonce, message: `${consumerAddress}${jobId}0${nonce}` };
  await check.twins('an address in small letters', {
    refused: () => usLab.downloadResult(jobId, 0, { ...signed, fields: {} }),
    because: { status: 400, code: 'SIGNATURE_INVALID', field: 'signature' },
    accepted: () => usLab.downloadResult(jobId, 0, { ...signed, fields: { consumerAddress } }),
  });
  check.refused('the same nonce again under the usual spelling', await usLab.downloadResult(jobId, 0, { nonce }), {
    status: 400,
    code: 'NONCE_NOT_GREATER',
    field: 'nonce',
  });
}

/** The fee of an order has an end of its own: a fresh one makes the order good again, for one more run. */
async function freshFee(check: Checks, lab: TheCase, { order, placed }: Outcome): Promise<ComputeOrder> {
  const { usLab } = lab.actors;
  await passTime(lab, FEE_IS_OVER_AFTER_SECONDS);
  const options = { parameters: { mode: 'log-flood', bytes: 1 } };
  check.refused('a start when the fee is over', await usLab.startCompute(order, options), {
    status: 400,
    code: 'ORDER_FEE_EXPIRED',
    rule: 'fee.validUntil',
  });
  const { dataset, algorithm } = order.request;
  const request = { dataset, algorithm, transferTxIds: order.transferTxIds };
  const quote = check.accepted('a fresh fee is quoted', await usLab.initializeCompute(request));
  check.equal('for the same order', quote.datasets[0]?.validOrder, placed.transferTxIds[dataset.did]);
  const before = await usLab.balanceOf(dataset.datatoken);
  const renewed = check.accepted('it is paid', await usLab.orderCompute(request));
  check.equal('without another datatoken', await usLab.balanceOf(dataset.datatoken), before);
  const { job } = await startAndFollow(check, lab, 'a second run, with a fresh fee', {
    actor: usLab,
    order: renewed,
    options,
  });
  check.equal('the order pays for another run', stateOf(job), endedAs('finished'));
  return renewed;
}

/** Longer than the paid time of the endless job, shorter than an order. */
const FEE_IS_OVER_AFTER_SECONDS = 120;

/** The order itself ends with its time: the start that was accepted before is refused after, fresh fee or not. */
async function expiry(check: Checks, lab: TheCase, order: ComputeOrder): Promise<void> {
  const { usLab } = lab.actors;
  await passTime(lab, ORDER_SECONDS);
  check.refused('the same start after half an hour', await usLab.startCompute(order), {
    status: 400,
    code: 'ORDER_EXPIRED',
    rule: 'order.validity',
  });
  const { dataset, algorithm } = order.request;
  const request = { dataset, algorithm, transferTxIds: order.transferTxIds };
  const quote = check.accepted('a new quote', await usLab.initializeCompute(request));
  check.equal('asks for a new order, not for a fee alone', quote.datasets[0]?.validOrder, undefined);
  check.that('for the recordings', quote.datasets[0]?.datatoken?.toLowerCase() === dataset.datatoken.toLowerCase());
}

async function passTime({ testbed }: TheCase, seconds: number): Promise<void> {
  await testbed.chain.advanceTime(seconds);
  await testbed.chain.mine();
}
