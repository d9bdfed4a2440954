import { z } from 'zod';
import { WavetankError } from '../../core/errors.ts';
import type { StageReport } from '../api/broker-http.ts';

/** A pod's word is checked like anybody's: a publish pod whose token leaked must not be able to write what it likes. */
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const failure = { ok: z.boolean(), code: z.string().max(100).optional(), message: z.string().max(2000).optional() };

const schema = z.discriminatedUnion('stage', [
  z.strictObject({
    stage: z.literal('configure'),
    report: z.strictObject({
      ...failure,
      failed: z.enum(['data', 'algorithm']).optional(),
      files: z
        .array(z.strictObject({ did: z.string(), index: count, bytes: count, sha256, verified: z.boolean() }))
        .max(10_000),
    }),
  }),
  z.strictObject({
    stage: z.literal('publish'),
    report: z.strictObject({
      ...failure,
      published: count,
      notPublished: count.optional(),
      refused: z.array(z.strictObject({ path: z.string().max(4096), reason: z.string().max(200) })).max(10_000),
      files: z
        .array(
          z.strictObject({
            path: z.string().max(1024),
            bytes: count,
            sha256,
            type: z.enum(['output', 'algorithmLog']),
          }),
        )
        .max(100_000),
    }),
  }),
]);

/** @throws WavetankError REPORT_INVALID (usage) */
export function parseReport(body: unknown): StageReport {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data as StageReport;
  const problems = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new WavetankError('REPORT_INVALID', `The report is not one: ${problems.join('; ')}`, { category: 'usage' });
}
