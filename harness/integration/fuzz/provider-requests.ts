import fc from 'fast-check';
import { signedMessages } from '../../../core/protocol/signed-messages.ts';
import { statusMessage } from '../../../provider/routes/compute-status.ts';
import { anyText, anything, headerJunk, hostileUrl, nasty } from './junk.ts';
import type { Mutation } from './mutations.ts';
import { mutate, mutation } from './mutations.ts';

/** What the world of a run holds that a valid request names. */
export interface FuzzWorld {
  readonly consumer: string;
  readonly openDid: string;
  readonly openNft: string;
  readonly openTx: string;
  readonly computeDid: string;
  readonly algorithmDid: string;
  readonly foreignDids: readonly string[];
  /** Of datasets that somebody else serves, at hosts of every kind. */
  readonly elsewhereDids: readonly string[];
  readonly accessOrder: string;
  readonly datasetOrder: string;
  readonly algorithmOrder: string;
  readonly jobId: string;
  readonly hostileFiles: number;
}

export type Fields = Record<string, unknown>;

interface Template {
  readonly method: string;
  readonly route: string;
  readonly fields: (world: FuzzWorld) => Fields;
  /** The text to sign; routes without one take no nonce. */
  readonly message?: (fields: Fields, nonce: string) => string;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

const computeFields = ({ consumer, jobId, computeDid }: FuzzWorld): Fields => ({
  consumerAddress: consumer,
  jobId,
  documentId: computeDid,
});
const computeText = (fields: Fields, nonce: string): string =>
  signedMessages.computeChange({
    consumerAddress: text(fields['consumerAddress']),
    jobId: text(fields['jobId'] ?? ''),
    documentId: text(fields['documentId'] ?? ''),
    nonce,
  });

const quoteOf = ({ consumer, computeDid, algorithmDid }: FuzzWorld, elsewhere: readonly string[]): Fields => ({
  datasets: [computeDid, ...elsewhere].map((documentId) => ({ documentId, serviceId: 'svc-1' })),
  algorithm: { documentId: algorithmDid, serviceId: 'svc-1' },
  compute: { env: 'free', validUntil: 4_000_000_000 },
  consumerAddress: consumer,
});

/** A request of each route that would be served. */
export const TEMPLATES: readonly Template[] = [
  { method: 'GET', route: '/', fields: () => ({}) },
  { method: 'GET', route: '/api/services/nonce', fields: ({ consumer }) => ({ userAddress: consumer }) },
  { method: 'POST', route: '/api/services/encrypt?chainId=8996', fields: () => ({ a: 1 }) },
  {
    method: 'POST',
    route: '/api/services/decrypt',
    fields: ({ consumer, openNft, openTx }) => ({
      decrypterAddress: consumer,
      chainId: 8996,
      dataNftAddress: openNft,
      transactionId: openTx,
    }),
    message: (f, nonce) =>
      signedMessages.decrypt(
        text(f['transactionId'] ?? f['dataNftAddress']),
        text(f['decrypterAddress']),
        text(f['chainId']),
        nonce,
      ),
  },
  {
    method: 'POST',
    route: '/api/services/decrypt',
    fields: ({ consumer, openNft }) => ({
      decrypterAddress: consumer,
      chainId: 8996,
      dataNftAddress: openNft,
      encryptedDocument: '0x00',
      flags: 0,
      documentHash: `0x${'ab'.repeat(32)}`,
    }),
    message: (f, nonce) =>
      signedMessages.decrypt(text(f['dataNftAddress']), text(f['decrypterAddress']), text(f['chainId']), nonce),
  },
  {
    method: 'POST',
    route: '/api/services/fileinfo',
    fields: ({ openDid }) => ({ did: openDid, serviceId: 'svc-1', checksum: true }),
  },
  {
    method: 'GET',
    route: '/api/services/initialize',
    fields: ({ consumer, openDid, accessOrder }) => ({
      documentId: openDid,
      serviceId: 'svc-1',
      consumerAddress: consumer,
      transferTxId: accessOrder,
      fileIndex: '0',
      userdata: '{"a":1}',
    }),
  },
  {
    method: 'POST',
    route: '/api/services/initializeCompute',
    fields: ({ consumer, computeDid, algorithmDid, datasetOrder }) => ({
      datasets: [{ documentId: computeDid, serviceId: 'svc-1', transferTxId: datasetOrder }],
      algorithm: { documentId: algorithmDid, serviceId: 'svc-1' },
      compute: { env: 'free', validUntil: 4_000_000_000 },
      consumerAddress: consumer,
    }),
  },
  { method: 'POST', route: '/api/services/initializeCompute', fields: (world) => quoteOf(world, world.elsewhereDids) },
  // The first of them answers: beside the others, somebody else's failure is nearly always told before its quote is.
  {
    method: 'POST',
    route: '/api/services/initializeCompute',
    fields: (world) => quoteOf(world, world.elsewhereDids.slice(0, 1)),
  },
  {
    method: 'GET',
    route: '/api/services/download',
    fields: ({ consumer, openDid, accessOrder }) => ({
      documentId: openDid,
      serviceId: 'svc-1',
      transferTxId: accessOrder,
      fileIndex: '0',
      consumerAddress: consumer,
    }),
    message: (f, nonce) => signedMessages.download(text(f['documentId']), nonce),
  },
  {
    method: 'POST',
    route: '/api/services/compute',
    fields: ({ consumer, computeDid, algorithmDid, datasetOrder, algorithmOrder }) => ({
      consumerAddress: consumer,
      environment: 'free',
      dataset: { documentId: computeDid, serviceId: 'svc-1', transferTxId: datasetOrder },
      algorithm: { documentId: algorithmDid, serviceId: 'svc-1', transferTxId: algorithmOrder },
    }),
    message: (f, nonce) =>
      signedMessages.computeStart({
        consumerAddress: text(f['consumerAddress']),
        documentId: text((f['dataset'] as { documentId?: unknown } | null | undefined)?.documentId ?? ''),
        nonce,
      }),
  },
  {
    method: 'GET',
    route: '/api/services/compute',
    fields: ({ consumer, jobId }) => ({ consumerAddress: consumer, jobId }),
    message: (f, nonce) => statusMessage(text(f['consumerAddress']), text(f['jobId'] ?? ''), nonce),
  },
  { method: 'PUT', route: '/api/services/compute', fields: computeFields, message: computeText },
  {
    method: 'DELETE',
    route: '/api/services/compute',
    fields: (world) => ({ ...computeFields(world), jobId: 'no-such-job' }),
    message: computeText,
  },
  {
    method: 'GET',
    route: '/api/services/computeResult',
    fields: ({ consumer, jobId }) => ({ consumerAddress: consumer, jobId, index: '0' }),
    message: (f, nonce) =>
      signedMessages.computeResult(text(f['consumerAddress']), text(f['jobId']), text(f['index']), nonce),
  },
  { method: 'GET', route: '/api/services/computeEnvironments', fields: () => ({}) },
  {
    method: 'POST',
    route: '/api/services/validateContainer',
    fields: () => ({ entrypoint: 'node $ALGO', image: 'node', tag: '24', checksum: `sha256:${'ab'.repeat(32)}` }),
  },
  {
    method: 'GET',
    route: '/api/services/createAuthToken',
    fields: ({ consumer }) => ({ address: consumer, expiration: '4000000000' }),
    message: (f, nonce) => signedMessages.authToken(text(f['address']), nonce),
  },
  {
    method: 'DELETE',
    route: '/api/services/deleteAuthToken',
    fields: ({ consumer }) => ({ address: consumer, token: 'eyJhbGciOiJIUzI1NiJ9.e30.x' }),
    message: (f, nonce) => signedMessages.authToken(text(f['address']), nonce),
  },
  { method: 'GET', route: '/api/services/input', fields: () => ({}) },
  { method: 'GET', route: '/openapi.json', fields: () => ({}) },
];

const FAVOURITES = ['POST /api/services/fileinfo', 'GET /api/services/download', 'POST /api/services/compute'].map(
  (wanted) => TEMPLATES.findIndex(({ method, route }) => `${method} ${route}` === wanted),
);

/** What becomes of one field of a template. */
export interface FuzzRequest {
  readonly template: number;
  readonly mutations: readonly Mutation[];
  readonly nonce: { readonly kind: 'next' } | { readonly kind: 'text'; readonly value: unknown };
  readonly proof: 'key' | 'forged' | 'none' | { readonly text: unknown };
  readonly place: 'usual' | 'query' | 'body';
  readonly method: string | undefined;
  readonly contentType: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** A file of the publisher's of the world, by index, where the template names one. */
  readonly fileIndex: number | undefined;
  /** Instead of the fields. */
  readonly rawBody: string | undefined;
  readonly ownFile: Readonly<Record<string, unknown>> | undefined;
}

const often = <T>(usual: T, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary });

const ownFile = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('url'), url: hostileUrl, checksum: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('url'),
      url: hostileUrl,
      method: fc.oneof(fc.constantFrom('GET', 'post', 'DELETE'), nasty),
      headers: fc.oneof(headerJunk, fc.dictionary(nasty, nasty, { maxKeys: 3 }), anything),
      userdata: anything,
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('ipfs'), hash: anything }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('arweave'), transactionId: anything }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('graphql'), url: hostileUrl, query: anything }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('smartcontract'),
      address: fc.oneof(anything, fc.constant(`0x${'5f'.repeat(20)}`)),
      chainId: fc.oneof(fc.constant(8996), anything),
      abi: fc.oneof(
        anything,
        fc.constant({
          name: 'decimals',
          type: 'function',
          stateMutability: 'view',
          inputs: [],
          outputs: [{ type: 'uint8' }],
        }),
        fc.record({
          name: nasty,
          type: fc.constant('function'),
          stateMutability: fc.constant('view'),
          inputs: anything,
          outputs: anything,
        }),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: anything, url: hostileUrl }) },
);

/** Bodies that are no JSON, too deep or too large. */
const rawBody = fc.oneof(
  anyText(200),
  fc.constantFrom(
    '{',
    '[',
    '"',
    '{"a":',
    'null',
    '1',
    '""',
    '[]',
    '{"__proto__":{"x":1}}',
    '{"constructor":{"prototype":1}}',
  ),
  fc.constantFrom(10, 100_000).map((depth) => '['.repeat(depth)),
  fc.constantFrom(1_000, 70_000).map((length) => JSON.stringify({ a: 'x'.repeat(length) })),
);

export const providerRequest: fc.Arbitrary<FuzzRequest> = fc.record({
  template: fc.oneof(
    { weight: 3, arbitrary: fc.nat({ max: TEMPLATES.length - 1 }) },
    // Where a stranger says what to fetch, and where much is to be decided.
    { weight: 1, arbitrary: fc.constantFrom(...FAVOURITES) },
  ),
  mutations: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
  ),
  nonce: often<FuzzRequest['nonce']>(
    { kind: 'next' },
    fc.record({ kind: fc.constant('text' as const), value: anything }),
  ),
  proof: often<FuzzRequest['proof']>(
    'key',
    fc.oneof(
      fc.constantFrom('forged' as const, 'none' as const),
      fc.record({
        text: fc.oneof(
          anything,
          fc.constantFrom(
            '0x',
            `0x${'ab'.repeat(65)}`,
            `0x${'00'.repeat(65)}`,
            `0x${'ab'.repeat(4096)}`,
            `0x${'ab'.repeat(9000)}`,
          ),
        ),
      }),
    ),
  ),
  place: often<FuzzRequest['place']>('usual', fc.constantFrom('query' as const, 'body' as const)),
  method: often<string | undefined>(
    undefined,
    fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'),
  ),
  contentType: often<string | undefined>(
    undefined,
    fc.constantFrom(
      'application/octet-stream',
      'text/plain',
      'application/xml',
      'application/json; charset=utf-16',
      'multipart/form-data',
    ),
  ),
  headers: often<Readonly<Record<string, string>>>({}, headerJunk),
  fileIndex: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
  rawBody: fc.oneof({ weight: 15, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: rawBody }),
  ownFile: fc.option(ownFile, { nil: undefined, freq: 2 }),
});

/** The fields of a request in this world, signature and nonce aside. */
export function fieldsOf(request: FuzzRequest, world: FuzzWorld): Fields {
  const template = TEMPLATES[request.template];
  const fields: Fields = { ...template?.fields(world) };
  if (template?.route.endsWith('fileinfo') && request.ownFile) return { ...request.ownFile };
  if ('fileIndex' in fields && request.fileIndex !== undefined)
    fields['fileIndex'] = String(request.fileIndex % (world.hostileFiles + 2));
  // Of those that somebody else serves one is asked for: the first that fails ends a quote.
  const { datasets } = fields;
  if (Array.isArray(datasets) && datasets.length > 1)
    fields['datasets'] = [datasets[0], datasets[1 + ((request.fileIndex ?? 0) % (datasets.length - 1))]] as unknown[];
  for (const each of request.mutations) mutate(fields, each, world);
  return fields;
}
