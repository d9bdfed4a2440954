import { z } from 'zod';
import { environmentSchema } from '../compute/environments.ts';
import type { ErrorCode } from '../codes.ts';

/** What a Provider answers, key by key: an answer with a key that is not here is a mistake of ours. */

const hex = z.string().regex(/^0x([0-9a-fA-F]{2})*$/);
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
const decimalText = z.string().regex(/^\d+(\.\d+)?$/);

const verbAndPath = z.tuple([z.enum(['GET', 'POST', 'PUT', 'DELETE']), z.string()]);

export const rootAnswer = z.strictObject({
  software: z.literal('Provider'),
  version: z.string(),
  implementation: z.string(),
  chainIds: z.array(z.int()),
  providerAddresses: z.record(z.string(), address),
  serviceEndpoints: z.record(z.string(), verbAndPath),
});

export const nonceAnswer = z.strictObject({ nonce: decimalText });

/** Bare 0x hex, no quotes. */
export const encryptedAnswer = z.string().regex(/^0x04[0-9a-f]+$/);

const providerFee = z.strictObject({
  providerFeeAddress: address,
  providerFeeToken: address,
  providerFeeAmount: z.string().regex(/^\d+$/),
  providerData: hex,
  v: z.union([z.literal(27), z.literal(28)]),
  r: z.string().regex(/^0x[0-9a-f]{64}$/),
  s: z.string().regex(/^0x[0-9a-f]{64}$/),
  validUntil: z.int().min(0),
});

const transaction = z.string().regex(/^0x[0-9a-fA-F]{64}$/);

export const initializeAnswer = z.union([
  z.strictObject({ validOrder: transaction }),
  z.strictObject({ datatoken: address, nonce: decimalText.nullable(), providerFee }),
]);

/** Nothing to pay, a fee to renew, an order to place. */
const elementQuote = z.union([
  z.strictObject({ validOrder: transaction }),
  z.strictObject({ datatoken: address, providerFee, validOrder: transaction.optional() }),
]);

export const initializeComputeAnswer = z.strictObject({
  datasets: z.array(elementQuote).min(1),
  algorithm: elementQuote.optional(),
});

export const fileInfoAnswer = z.array(
  z.union([
    z.strictObject({
      index: z.int().min(0),
      valid: z.literal(true),
      type: z.string(),
      contentLength: z.string().regex(/^\d+$/).optional(),
      contentType: z.string().optional(),
      filename: z.string().optional(),
      checksum: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .optional(),
      checksumType: z.literal('sha256').optional(),
    }),
    z.strictObject({ index: z.int().min(0), valid: z.literal(false), type: z.string(), code: z.string() }),
  ]),
);

const result = z.strictObject({
  index: z.int().min(0),
  /** To the owner alone. */
  filename: z.string().optional(),
  filesize: z.int().min(0),
  type: z.enum(['output', 'algorithmLog', 'configrationLog', 'publishLog', 'filteringLog']),
});

const job = z.strictObject({
  agreementId: z.string(),
  jobId: z.string(),
  owner: address,
  status: z.int(),
  statusText: z.string(),
  dateCreated: decimalText,
  dateFinished: decimalText.nullable(),
  results: z.union([z.literal(''), z.array(result)]),
  stopreq: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  removed: z.union([z.literal(0), z.literal(1)]),
  algoDID: z.string(),
  inputDID: z.array(z.string()),
  environment: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
});

export const jobsAnswer = z.array(job);

export const environmentsAnswer = z.record(
  z.string().regex(/^\d+$/),
  z.array(environmentSchema.extend({ feeToken: address })),
);

export const containerAnswer = z.looseObject({
  entrypoint: z.string(),
  image: z.string(),
  checksum: z.string().regex(/^sha256:[0-9a-f]{64}$/),
});

export const tokenAnswer = z.strictObject({ token: z.string() });
export const tokenDeletedAnswer = z.strictObject({ success: z.string() });

/** The JSON text `""`. */
export const deletedAnswer = z.literal('');

/** A mistake of ours: the request id alone, which the log knows. */
export const internalError = z.strictObject({
  error: z.string(),
  code: z.literal('INTERNAL'),
  requestId: z.string(),
});

/** A refusal with one of these codes, in each of the three classic shapes. */
export function refusalAnswer(codes: readonly ErrorCode[]): z.ZodType {
  const beside = { code: z.enum(codes), field: z.string(), rule: z.string(), explain: z.string() };
  return z.union([
    z.strictObject({ error: z.union([z.string(), z.record(z.string(), z.string())]), ...beside }),
    z.strictObject({
      success: z.literal(false),
      message: z.literal('Validation error'),
      errors: z.record(z.string(), z.array(z.string())),
      error: z.string(),
      ...beside,
    }),
  ]);
}

/** What the Operator Service refused, as it said it, with our keys where it had none. */
export const relayedRefusal = z.looseObject({
  error: z.unknown(),
  code: z.string(),
  field: z.string(),
  rule: z.string(),
  explain: z.string(),
});
