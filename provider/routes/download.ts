import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { signedMessages } from '../../core/protocol/signed-messages.ts';
import { checkConsumable } from '../access/consumable.ts';
import { checkConsumerParameters } from '../access/consumer-parameters.ts';
import type { AssetService } from '../asset/asset.ts';
import { findService } from '../asset/asset.ts';
import { userdataSchema } from '../compute/job-request.ts';
import type { ProviderContext } from '../context.ts';
import { isEnvironment } from '../context.ts';
import { parseRange } from '../files/byte-range.ts';
import { decryptFiles } from '../files/service-files.ts';
import { addressField, authTokenOf, proofFields, readInput } from '../input.ts';
import type { Reason } from '../refusal.ts';
import { Refused, orRefuse, refused } from '../refusal.ts';
import { onChain } from './network-prefix.ts';
import { sendFile } from './send-file.ts';

export const schema = z.object({
  documentId: z.string().min(1),
  serviceId: z.string().min(1),
  transferTxId: z.string().min(1),
  fileIndex: z.coerce.number().int(),
  consumerAddress: addressField,
  userdata: userdataSchema,
  ...proofFields,
});

export function registerDownload(app: FastifyInstance, context: ProviderContext): void {
  const { authenticator, resolver, orders, source, config, proofs } = context;
  app.get('/api/services/download', async (request, reply) => {
    const input = readInput(request, schema);
    const { consumerAddress: caller } = input;
    const byEnvironment = await isEnvironment(context, caller);
    const proof = { address: caller, nonce: input.nonce, signature: input.signature, authToken: authTokenOf(request) };
    const message = signedMessages.download(input.documentId, input.nonce);
    await authenticator.authenticate(proof, [message], { isEnvironment: byEnvironment });
    const asset = orRefuse(await resolver.resolve(input.documentId), 'text');
    const of = orRefuse(findService(asset, input.serviceId, 'serviceId'), 'text');
    checkUse(of, caller, byEnvironment);
    const order = await orders.validate(input.transferTxId, of, { caller, waitMs: config.limits.receiptWaitMs });
    if (!order.ok) throw orderRefusal(order.reason, of, input.transferTxId);
    const parameters = checkConsumerParameters(of.service.consumerParameters, input.userdata, 'userdata');
    if (!parameters.allowed) throw onChain(of, new Refused(parameters));
    const files = orRefuse(await decryptFiles(of), 'text');
    const file = input.fileIndex >= 0 ? files[input.fileIndex] : undefined;
    if (!file)
      throw onChain(
        of,
        refused('FILE_INDEX_OUT_OF_RANGE', 'fileIndex', 'file.index', `No such fileIndex ${input.fileIndex}`),
      );
    const opened = orRefuse(
      await source.open(file, { range: parseRange(request.headers.range), userdata: input.userdata }),
      'text',
    );
    const { fileIndex, signature } = input;
    proofs.began({ of, orderTx: order.value.startTx, fileIndex, consumer: caller, message, signature });
    return sendFile(reply, opened, opened.filename ?? `file${fileIndex}`);
  });
}

/**
 * Compute services give their bytes to jobs only. A foreign operator's pods fetch them here with the environment's key:
 * its order stands for the consumer's permission, and its address need be on no list (T8).
 */
function checkUse(of: AssetService, caller: string, byEnvironment: boolean): void {
  const { asset, service } = of;
  if (service.type !== 'access' && !byEnvironment) {
    const message = `Service with index=${service.id} is not an access service.`;
    throw onChain(of, refused('SERVICE_TYPE', 'serviceId', 'service.access', message));
  }
  const consumer = byEnvironment ? undefined : caller;
  const decision =
    consumer === undefined ? checkState(of) : checkConsumable(asset, service, consumer, 'consumerAddress');
  if (!decision.allowed) throw onChain(of, new Refused(decision));
}

function checkState({ asset, service }: AssetService): ReturnType<typeof checkConsumable> {
  const withoutLists = { ...asset, ddo: { ...asset.ddo, credentials: null } };
  return checkConsumable(withoutLists, { ...service, credentials: null }, asset.owner, 'documentId');
}

function orderRefusal(reason: Reason, of: AssetService, transaction: string): Refused {
  const classic = `Order with tx_id ${transaction} could not be validated due to error: ${reason.message}`;
  return onChain(of, new Refused({ ...reason, classic }));
}
