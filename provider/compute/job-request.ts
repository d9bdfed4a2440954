import { z } from 'zod';

/** Parameters travel inside capabilities, and those in a request header. */
const MAX_USERDATA_CHARS = 4096;

/** Consumers send parameters as an object or as its JSON text. */
export const userdataSchema = z
  .union([z.record(z.string(), z.unknown()), z.string()])
  .nullish()
  .transform((value, context) => {
    if (value == null || value === '') return undefined;
    if (typeof value !== 'string') return value;
    const parsed = z.record(z.string(), z.unknown()).safeParse(jsonOf(value));
    if (parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: 'must be a JSON object' });
    return z.NEVER;
  })
  .refine(
    (value) => value === undefined || JSON.stringify(value).length <= MAX_USERDATA_CHARS,
    `is longer than ${MAX_USERDATA_CHARS} characters`,
  );

export const datasetSchema = z.looseObject({
  documentId: z.string().optional(),
  serviceId: z.string().optional(),
  transferTxId: z.string().nullish(),
  userdata: userdataSchema,
});

export const algorithmSchema = z.looseObject({
  documentId: z.string().nullish(),
  serviceId: z.string().nullish(),
  transferTxId: z.string().nullish(),
  meta: z
    .looseObject({ rawcode: z.string().nullish(), url: z.string().nullish(), container: z.unknown().optional() })
    .nullish(),
  userdata: userdataSchema,
  /** The spelling that Provider 2.1.6 reads; ocean.js sends `userdata` (F5). */
  algouserdata: userdataSchema,
  algocustomdata: z.unknown().optional(),
});

export type DatasetInput = z.infer<typeof datasetSchema>;
export type AlgorithmInput = z.infer<typeof algorithmSchema>;

/** What a job consists of, before anything of it was looked up. */
export interface JobInput {
  readonly consumerAddress: string;
  readonly environment: string;
  readonly datasets: readonly DatasetInput[];
  readonly algorithm: AlgorithmInput;
}

/** How the classic Provider names a dataset in its refusals. */
export function datasetField(index: number): string {
  return index === 0 ? 'dataset' : `datasets[${index}]`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
