import { z } from 'zod';
import { isAddress } from './address.ts';

/** DDO v4.1.0, as published on chain. Unknown keys are kept: the hash is over the original bytes, and extensions are legal. */
const address = z.string().refine(isAddress, 'not an Ethereum address');
const text = z.string();

export const consumerParameterSchema = z.looseObject({
  name: text,
  type: z.enum(['text', 'number', 'boolean', 'select']),
  label: text,
  required: z.boolean(),
  description: text,
  default: text,
  options: text.optional(),
});

export const trustedAlgorithmSchema = z.looseObject({
  did: text,
  filesChecksum: text,
  containerSectionChecksum: text,
  serviceId: text.optional(),
});

export const computeOptionsSchema = z.looseObject({
  allowRawAlgorithm: z.boolean(),
  allowNetworkAccess: z.boolean(),
  publisherTrustedAlgorithmPublishers: z.array(text).nullish(),
  publisherTrustedAlgorithms: z.union([z.array(trustedAlgorithmSchema), z.literal('*')]).nullish(),
});

export const credentialsSchema = z.looseObject({
  allow: z.array(z.looseObject({ type: text, values: z.array(text) })).nullish(),
  deny: z.array(z.looseObject({ type: text, values: z.array(text) })).nullish(),
});

/** An object, or its JSON text. What cannot be read is no document: a list that nobody understands must not stand open. */
const credentialsField = z
  .union([
    credentialsSchema,
    text.transform((value, context) => {
      const parsed = credentialsSchema.safeParse(jsonOf(value));
      if (parsed.success) return parsed.data;
      context.addIssue({ code: 'custom', message: 'neither lists of addresses nor their JSON text' });
      return z.NEVER;
    }),
  ])
  .nullish();

export const serviceSchema = z.looseObject({
  id: text.min(1),
  type: z.enum(['access', 'compute']),
  files: text.min(1),
  datatokenAddress: address,
  serviceEndpoint: z.url({ protocol: /^https?$/ }),
  /** Seconds that an order stays valid; 0 = for ever. */
  timeout: z.int().min(0),
  name: text.nullish(),
  description: text.nullish(),
  compute: computeOptionsSchema.optional(),
  consumerParameters: z.array(consumerParameterSchema).nullish(),
  credentials: credentialsField,
  additionalInformation: z.unknown().optional(),
});

export const containerSchema = z.looseObject({
  entrypoint: text.min(1),
  image: text.min(1),
  tag: text,
  checksum: text.min(1),
  consumerParameters: z.array(consumerParameterSchema).nullish(),
});

export const metadataSchema = z.looseObject({
  created: text,
  updated: text,
  name: text,
  description: text,
  type: z.enum(['dataset', 'algorithm']),
  author: text,
  license: text,
  algorithm: z
    .looseObject({
      language: text.nullish(),
      version: text.nullish(),
      container: containerSchema,
      consumerParameters: z.array(consumerParameterSchema).nullish(),
    })
    .nullish(),
});

export const ddoSchema = z
  .looseObject({
    '@context': z.array(text).optional(),
    id: z.string().regex(/^did:op:[0-9a-f]{64}$/, 'not a did:op identifier'),
    version: z.literal('4.1.0'),
    chainId: z.int(),
    nftAddress: address,
    metadata: metadataSchema,
    services: z.array(serviceSchema).min(1),
    credentials: credentialsField,
  })
  .superRefine((ddo, context) => {
    if (ddo.metadata.type === 'algorithm' && !ddo.metadata.algorithm) {
      context.addIssue({
        code: 'custom',
        path: ['metadata', 'algorithm'],
        message: 'required when metadata.type is algorithm',
      });
    }
    const seen = new Set<string>();
    for (const [i, service] of ddo.services.entries()) {
      if (seen.has(service.id))
        context.addIssue({ code: 'custom', path: ['services', i, 'id'], message: 'service ids must be unique' });
      seen.add(service.id);
      if (service.type === 'compute' && !service.compute) {
        context.addIssue({
          code: 'custom',
          path: ['services', i, 'compute'],
          message: 'required when the service type is compute',
        });
      }
    }
  });

export type Ddo = z.infer<typeof ddoSchema>;
export type DdoService = z.infer<typeof serviceSchema>;
export type ComputeOptions = z.infer<typeof computeOptionsSchema>;
export type TrustedAlgorithm = z.infer<typeof trustedAlgorithmSchema>;
export type Credentials = z.infer<typeof credentialsSchema>;

function jsonOf(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

export interface DdoProblem {
  /** Dotted path: services.0.timeout. */
  readonly field: string;
  readonly message: string;
}

export function validateDdo(
  document: unknown,
): { ok: true; ddo: Ddo } | { ok: false; problems: readonly DdoProblem[] } {
  const result = ddoSchema.safeParse(document);
  if (result.success) return { ok: true, ddo: result.data };
  return { ok: false, problems: result.error.issues.map((i) => ({ field: i.path.join('.'), message: i.message })) };
}
