import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isAddress } from '../core/protocol/address.ts';
import { Refused, invalidField } from './refusal.ts';

export const addressField = z
  .string()
  .refine(isAddress, 'is not an Ethereum address')
  .meta({ pattern: '^0x[0-9a-fA-F]{40}$', description: 'Ethereum address in any spelling' });

/** A number or its text, kept as text: how it was written is part of signed messages. */
export const textNumber = z.union([z.string(), z.number()]).transform(String);

export const optionalText = z
  .string()
  .nullish()
  .transform((value) => (value == null || value === '' ? undefined : value));

/** What every signed route takes. */
export const proofFields = {
  nonce: textNumber,
  signature: optionalText,
};

/** The request's fields as the classic stack finds them: the query string if there is one, else the JSON body. */
export function fieldsOf(request: FastifyRequest): unknown {
  const query = request.query as Record<string, unknown>;
  return Object.keys(query).length > 0 ? query : (request.body ?? {});
}

/**
 * The request's fields as a schema has them.
 * @throws Refused INVALID_REQUEST naming the first field that is wrong
 */
export function readInput<Schema extends z.ZodType>(request: FastifyRequest, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(fieldsOf(request));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') || 'request';
  const isMissing = issue?.code === 'invalid_type' && issue.input === undefined;
  throw invalidField(
    field,
    isMissing ? `The ${field} field is required.` : `The ${field} field is invalid: ${issue?.message ?? 'malformed'}.`,
  );
}

export function authTokenOf(request: FastifyRequest): string | undefined {
  const header = request.headers['authtoken'];
  return typeof header === 'string' ? header : undefined;
}

/** JSON (an empty body is no body) and octets. Everything else answers 415. */
export function installBodyParsers(app: FastifyInstance): void {
  // The classic stack reads the fields of a GET from its body, too.
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
  app.removeAllContentTypeParsers();
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    void parseJson(request, body as string, (error, value) => {
      if (error) done(new Refused(NO_JSON, 'validation'));
      else done(null, value);
    });
  });
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
}

const NO_JSON = {
  code: 'INVALID_REQUEST',
  field: 'body',
  rule: 'request.json',
  message: 'The body is no JSON.',
  classic: 'The body is no JSON.',
} as const;
