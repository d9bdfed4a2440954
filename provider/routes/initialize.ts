import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { nowSeconds } from '../../core/clock.ts';
import { checkConsumable } from '../access/consumable.ts';
import { checkConsumerParameters } from '../access/consumer-parameters.ts';
import { checkDatatoken } from '../access/datatoken.ts';
import type { AssetService } from '../asset/asset.ts';
import { findService } from '../asset/asset.ts';
import type { FeeQuote } from '../compute/fee.ts';
import { signQuote } from '../compute/fee.ts';
import { userdataSchema } from '../compute/job-request.ts';
import { quotedNow, validUntilAfter } from '../compute/quoted-time.ts';
import type { ProviderContext } from '../context.ts';
import { isEnvironment } from '../context.ts';
import { decryptFiles } from '../files/service-files.ts';
import { addressField, optionalText, readInput } from '../input.ts';
import { Refused, orRefuse, refused } from '../refusal.ts';
import { onChain } from './network-prefix.ts';

export const schema = z.looseObject({
  documentId: z.string().min(1),
  serviceId: z.string().min(1),
  consumerAddress: addressField,
  fileIndex: z.coerce.number().int().min(0).optional(),
  transferTxId: optionalText,
  userdata: userdataSchema,
  environment: optionalText,
  environmentAddress: addressField.optional(),
  validUntil: z.union([z.string(), z.number()]).nullish(),
});

type InitializeInput = z.output<typeof schema>;

/**
 * Quotes a download. Access is free of fees; the fee still names service and datatoken, since the order is checked by it.
 * A Provider whose job computes on data of this one asks here too, and names the environment that will download it.
 */
export function registerInitialize(app: FastifyInstance, context: ProviderContext): void {
  const { resolver, orders, nonces, seams } = context;
  app.get('/api/services/initialize', { exposeHeadRoute: true }, async (request) => {
    const input = readInput(request, schema);
    const asset = orRefuse(await resolver.resolve(input.documentId), 'text');
    const of = orRefuse(findService(asset, input.serviceId, 'serviceId'), 'text');
    const decision = checkConsumable(asset, of.service, input.consumerAddress, 'consumerAddress');
    if (!decision.allowed) throw onChain(of, new Refused(decision));
    await checkEnvironment(context, of, input.environmentAddress);
    const terms = of.service.type === 'compute' ? await computeTerms(context, of, input) : ACCESS_TERMS;
    const datatoken = await checkDatatoken(of, 'serviceId');
    if (!datatoken.allowed) throw onChain(of, new Refused(datatoken));
    if (input.userdata !== undefined) {
      const parameters = checkConsumerParameters(of.service.consumerParameters, input.userdata, 'userdata');
      if (!parameters.allowed) throw onChain(of, new Refused(parameters));
    }
    if (input.transferTxId !== undefined) {
      const order = await orders.validate(input.transferTxId, of, { caller: input.consumerAddress, waitMs: 0 });
      if (order.ok) return { validOrder: order.value.startTx };
    }
    if (input.fileIndex !== undefined) await probe(context, of, input.fileIndex, input.userdata);
    const { chain } = asset;
    const providerFee = await signQuote(
      {
        feeToken: chain.feeToken,
        amount: 0n,
        ...terms,
        datatoken: of.service.datatokenAddress,
        serviceId: of.service.id,
        quotedAt: nowSeconds(seams.clock),
        paysEnvironment: false,
      },
      chain.signer,
    );
    return { datatoken: of.service.datatokenAddress, nonce: nonces.last(input.consumerAddress) ?? null, providerFee };
  });
}

/** Data for computing goes to environments alone that are known here; what is for download, to those that its lists allow. */
async function checkEnvironment(
  context: ProviderContext,
  of: AssetService,
  environment: string | undefined,
): Promise<void> {
  const isCompute = of.service.type === 'compute';
  if (environment === undefined && !isCompute) return;
  if (environment === undefined) {
    const message = 'Use the initializeCompute endpoint to initialize compute jobs.';
    throw onChain(of, refused('WRONG_INITIALIZE', 'serviceId', 'service.access', message));
  }
  if (await isEnvironment(context, environment)) return;
  if (isCompute) {
    const message = 'This Provider gives data for computing to no environment of this address.';
    throw onChain(of, refused('ENVIRONMENT_NOT_TRUSTED', 'environmentAddress', 'environment.trusted', message));
  }
  const decision = checkConsumable(of.asset, of.service, environment, 'environmentAddress');
  if (!decision.allowed) throw onChain(of, new Refused(decision));
}

type Terms = Pick<FeeQuote, 'environment' | 'validUntil'>;

const ACCESS_TERMS: Terms = { environment: null, validUntil: 0 };

async function computeTerms(
  { seams }: ProviderContext,
  { asset }: AssetService,
  { environment, validUntil }: InitializeInput,
): Promise<Terms> {
  const now = await quotedNow(asset.chain, seams.clock);
  return { environment: environment ?? null, validUntil: validUntilAfter(now, validUntil, 'validUntil') };
}

async function probe(
  { source }: ProviderContext,
  of: AssetService,
  index: number,
  userdata: z.output<typeof userdataSchema>,
): Promise<void> {
  const files = orRefuse(await decryptFiles(of), 'text');
  const file = files[index];
  if (!file)
    throw onChain(of, refused('FILE_INDEX_OUT_OF_RANGE', 'fileIndex', 'file.index', `No such fileIndex ${index}`));
  const opened = await source.open(file, { userdata });
  if (!opened.ok) throw onChain(of, new Refused(opened.reason));
  opened.value.body.destroy();
}
