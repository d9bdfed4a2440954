import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { signedMessages } from '../../core/protocol/signed-messages.ts';
import type { ProviderContext } from '../context.ts';
import { distinctSigners, requireCompute } from '../context.ts';
import { filenameOf } from '../files/opened-file.ts';
import { readBounded } from '../files/read-bounded.ts';
import { addressField, authTokenOf, proofFields, readInput, textNumber } from '../input.ts';
import type { OperatorStream } from '../operator-client.ts';
import { parseJson } from '../upstream.ts';
import { relayRefusal } from './operator-relay.ts';
import { attachment, describeFile } from './send-file.ts';

export const schema = z.looseObject({
  consumerAddress: addressField,
  jobId: z.string().min(1),
  index: textNumber.refine((text) => /^(0|[1-9]\d{0,6})$/.test(text), 'is not an index'),
  ...proofFields,
});

const MAX_REFUSAL_BYTES = 64 * 1024;
const PASSED_ON = ['content-length', 'content-range', 'accept-ranges', 'etag', 'x-checksum-sha256'] as const;

/** Streams one result to the job's owner, whoever else knows its address. */
export function registerComputeResult(app: FastifyInstance, context: ProviderContext): void {
  app.get('/api/services/computeResult', async (request, reply) => {
    const { operator } = requireCompute(context);
    const { consumerAddress, jobId, index, nonce, signature } = readInput(request, schema);
    const proof = { address: consumerAddress, nonce, signature, authToken: authTokenOf(request) };
    await context.authenticator.authenticate(proof, [
      signedMessages.computeResult(consumerAddress, jobId, index, nonce),
    ]);
    const selector = { owner: consumerAddress, jobId, index: Number(index), range: request.headers.range };
    let refusal: OperatorStream | undefined;
    for (const { signer } of distinctSigners(context.chains)) {
      const stream = await operator.result(signer, selector);
      if (stream.status < 300 || stream.status === 416) return sendResult(reply, stream, index);
      refusal?.body.destroy();
      refusal = stream;
      if (stream.status !== 404) break;
    }
    return sendRefusal(reply, refusal);
  });
}

function sendResult(reply: FastifyReply, { status, headers, body }: OperatorStream, index: string): FastifyReply {
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  for (const name of PASSED_ON) {
    const value = header(name);
    if (value !== undefined) reply.header(name, value);
  }
  const filename = filenameOf('http://result/', header('content-disposition')) ?? `result-${index}`;
  const told = header('content-type');
  // An Operator Service that says no more than that they are bytes says nothing.
  const { name, type } = describeFile(filename, told === 'application/octet-stream' ? undefined : told);
  return reply.code(status).header('content-disposition', attachment(name)).type(type).send(body);
}

async function sendRefusal(reply: FastifyReply, stream: OperatorStream | undefined): Promise<FastifyReply> {
  if (!stream) return relayRefusal(reply, { ok: false, status: 404, body: { error: 'No such result.' } });
  const text = Buffer.from(await readBounded(stream.body, MAX_REFUSAL_BYTES)).toString('utf8');
  return relayRefusal(reply, { ok: false, status: stream.status, body: parseJson(text) });
}
