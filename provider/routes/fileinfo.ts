import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { findService } from '../asset/asset.ts';
import type { AssetService } from '../asset/asset.ts';
import { userdataSchema } from '../compute/job-request.ts';
import type { ProviderContext } from '../context.ts';
import { hashBounded } from '../files/read-bounded.ts';
import type { FileObject } from '../files/file-object.ts';
import { parseFileObject } from '../files/file-object.ts';
import type { OpenedFile } from '../files/opened-file.ts';
import { decryptFiles } from '../files/service-files.ts';
import { hashedInPlace } from '../files/unsigned-hashing.ts';
import { readInput } from '../input.ts';
import type { Checked } from '../refusal.ts';
import { Refused, orRefuse, refuse } from '../refusal.ts';

export const schema = z.looseObject({
  did: z
    .string()
    .regex(/^did:op/, 'must begin with did:op')
    .optional(),
  serviceId: z.string().optional(),
  checksum: z
    .union([z.boolean(), z.string()])
    .nullish()
    .transform((value) => value === true || value === 'true'),
  userdata: userdataSchema,
});

/** What may be told about a file; the route has no authentication. */
interface Disclosure {
  readonly checksum: boolean;
  readonly contentType: boolean;
  readonly filename: boolean;
}

const OWN_FILE: Disclosure = { checksum: true, contentType: true, filename: true };

/**
 * Always 200: what cannot be read is `valid: false`. Nobody signs for it, so the work that it can cause is bounded: of the
 * requests for checksums a few are answered at once, their files one after another, and some wait.
 */
export function registerFileinfo(app: FastifyInstance, context: ProviderContext): void {
  app.post('/api/services/fileinfo', async (request) => {
    const input = readInput(request, schema);
    if (!input.checksum) return describeAll(context, input);
    // Who went away while waiting needs no checksum.
    const work = () => describeAll(context, request.raw.socket.destroyed ? { ...input, checksum: false } : input);
    return orRefuse(await hashedInPlace(context.checksums, work), 'text');
  });
}

async function describeAll(context: ProviderContext, input: z.output<typeof schema>): Promise<unknown[]> {
  if (input.did === undefined) {
    const file = orRefuse(parseFileObject(input, 'file'), 'text');
    return [await describe(context, file, 0, OWN_FILE, input)];
  }
  const asset = orRefuse(saying('Cannot resolve DID', await context.resolver.resolve(input.did)), 'text');
  const of = orRefuse(saying('Invalid serviceId.', findService(asset, input.serviceId ?? '', 'serviceId')), 'text');
  const files = orRefuse(await decryptFiles(of), 'text');
  const disclosure = context.config.quirks.has('public-file-names') ? OWN_FILE : disclosureOf(of);
  if (!input.checksum)
    return Promise.all(files.map((file, index) => describe(context, file, index, disclosure, input)));
  const described: unknown[] = [];
  for (const [index, file] of files.entries()) described.push(await describe(context, file, index, disclosure, input));
  return described;
}

/** This route's own words, which clients compare. */
function saying<T>(classic: string, checked: Checked<T>): Checked<T> {
  return checked.ok ? checked : refuse({ ...checked.reason, classic });
}

/**
 * The names of published files are never told, and of data that only computation may see nothing but its size: the
 * classic route gave strangers name, type and content hash (T11). Algorithms keep the checksum: data owners and clients
 * take it from here for their lists.
 */
export function disclosureOf({ asset, service }: AssetService): Disclosure {
  const isAlgorithm = asset.ddo.metadata.type === 'algorithm';
  const isOpen = isAlgorithm || service.type === 'access';
  return { checksum: isOpen, contentType: isOpen, filename: false };
}

async function describe(
  { source, config }: ProviderContext,
  file: FileObject,
  index: number,
  disclosure: Disclosure,
  { checksum, userdata }: Pick<z.output<typeof schema>, 'checksum' | 'userdata'>,
): Promise<Record<string, unknown>> {
  const opened = await source.open(file, { userdata, isReadHere: true });
  // What the asker left out or misspelled is his to correct; whether a file can be read is the answer to his question.
  if (!opened.ok && opened.reason.field === 'userdata') throw new Refused(opened.reason);
  if (!opened.ok) return { index, valid: false, type: file.type, code: opened.reason.code };
  const { value } = opened;
  const digest = checksum && disclosure.checksum ? await digestOf(value, config.limits.checksumBytes) : undefined;
  value.body.destroy();
  const length = value.contentLength ?? digest?.length;
  return {
    index,
    valid: true,
    type: file.type,
    ...(length === undefined ? {} : { contentLength: String(length) }),
    ...(disclosure.contentType && value.contentType !== undefined ? { contentType: value.contentType } : {}),
    ...(disclosure.filename && value.filename !== undefined ? { filename: value.filename } : {}),
    ...(digest ? { checksum: digest.checksum, checksumType: 'sha256' } : {}),
  };
}

/** A file past a limit, or one that breaks off, has no checksum: the key is then absent. */
async function digestOf(
  { body, contentLength }: OpenedFile,
  maxBytes: number,
): Promise<{ checksum: string; length: number } | undefined> {
  if (contentLength !== undefined && contentLength > maxBytes) return undefined;
  return hashBounded(body, maxBytes).catch(() => undefined);
}
