import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ComputeJob } from '../../core/protocol/job-status.ts';
import type { JobStreams } from '../compute/job-stream.ts';
import { createJobStreams } from '../compute/job-stream.ts';
import type { ComputeParts, ProviderContext } from '../context.ts';
import { distinctSigners, requireCompute } from '../context.ts';
import { addressField, authTokenOf, optionalText, readInput, textNumber } from '../input.ts';
import { jobView } from '../quirks.ts';
import { refused } from '../refusal.ts';

/** `agreementId` and `documentId` are taken and not filtered by: clients send them in several forms, a DID among them. */
export const schema = z.looseObject({
  consumerAddress: addressField,
  jobId: optionalText,
  nonce: textNumber.optional(),
  signature: optionalText,
});

type StatusInput = z.output<typeof schema>;

/**
 * The text of the signed form, which shows file names too. It is ours, hence tagged: no other request's signature can
 * stand for it, and it for no other's.
 */
export function statusMessage(consumerAddress: string, jobId: string | undefined, nonce: string): string {
  return `compute status ${consumerAddress} ${jobId ?? ''} ${nonce}`;
}

export function registerComputeStatus(app: FastifyInstance, context: ProviderContext): void {
  const streams = context.compute && streamsOf(context, context.compute);
  app.addHook('preClose', async () => streams?.closeAll());

  app.get('/api/services/compute', { exposeHeadRoute: true }, async (request, reply) => {
    const { lists } = requireCompute(context);
    const input = readInput(request, schema);
    const show = jobView(context.config.quirks, await isProven(context, request, input));
    const selector = { owner: input.consumerAddress, jobId: input.jobId };
    const isStreamed = request.headers.accept?.includes('text/event-stream') && request.method === 'GET';
    if (streams && isStreamed) return sendStream(reply, streams, selector, show);
    return (await lists.list(selector)).map(show);
  });
}

function streamsOf({ chains, seams, config }: ProviderContext, { operator, lists }: ComputeParts): JobStreams {
  return createJobStreams(operator, distinctSigners(chains), seams, config.limits, lists.forget);
}

/** Unsigned is a valid way to ask; signed wrongly is not. */
async function isProven(
  { authenticator }: ProviderContext,
  request: FastifyRequest,
  input: StatusInput,
): Promise<boolean> {
  const authToken = authTokenOf(request);
  if ((input.signature === undefined && authToken === undefined) || input.nonce === undefined) return false;
  // As at every signed route: a probe takes no nonce.
  if (request.method === 'HEAD') throw refused('METHOD_NOT_ALLOWED', 'method', 'request', 'Method Not Allowed');
  const { consumerAddress: address, nonce, signature } = input;
  await authenticator.authenticate({ address, nonce, signature, authToken }, [
    statusMessage(address, input.jobId, nonce),
  ]);
  return true;
}

function sendStream(
  reply: FastifyReply,
  streams: JobStreams,
  selector: { owner: string; jobId: string | undefined },
  show: (job: ComputeJob) => unknown,
): FastifyReply {
  const stream = streams.open(selector, show);
  return reply
    .type('text/event-stream')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(stream);
}
