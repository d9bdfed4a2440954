import { describe, expect, test } from 'vitest';
import { createLogger } from '../../core/log.ts';
import { signQuote } from '../compute/fee.ts';
import { passed } from '../refusal.ts';
import { createLocalSigner } from '../signer.ts';
import {
  DATATOKEN,
  ENVIRONMENT_ADDRESS,
  FEE_TOKEN,
  PROVIDER_KEY,
  STRANGER_KEY,
  USER,
  assetOf,
} from '../testing/assets.ts';
import type { UrlRequest } from '../files/file-request.ts';
import { createForeignProviders } from './foreign-providers.ts';

const OTHER = createLocalSigner(STRANGER_KEY);
const OTHER_PROVIDER = { address: OTHER.address, url: 'http://other.example' };
const OF = assetOf({ service: { serviceEndpoint: 'http://other.example/' } });
const USE = {
  consumer: USER,
  environment: { id: 'free', consumerAddress: ENVIRONMENT_ADDRESS },
  validUntil: 2_000_000_000,
  userdata: undefined,
};

interface Scripted {
  readonly status?: number;
  readonly body?: unknown;
}

/** Another Provider that answers what a test says, whatever it is asked. */
function providersAt(answer: Scripted | 'breaks off') {
  const asked: UrlRequest[] = [];
  const ask = (request: UrlRequest) => {
    asked.push(request);
    if (answer === 'breaks off') return Promise.reject(new Error('other side closed'));
    const { status = 200, body } = answer;
    return Promise.resolve(passed({ status, text: typeof body === 'string' ? body : JSON.stringify(body) }));
  };
  return { asked, foreign: createForeignProviders({ ask }, { log: createLogger(() => undefined) }) };
}

const quoted = (change: { environment?: string | null; datatoken?: string } = {}, signer = OTHER) =>
  signQuote(
    {
      feeToken: FEE_TOKEN,
      amount: 0n,
      validUntil: 0,
      environment: 'free',
      datatoken: DATATOKEN,
      serviceId: 'svc-1',
      quotedAt: 1,
      paysEnvironment: false,
      ...change,
    },
    signer,
  );

describe('who serves an asset', () => {
  test.each([
    ['by chain', { providerAddresses: { 8996: OTHER.address } }],
    ['of one chain alone', { providerAddress: OTHER.address }],
  ])('says so in its root document, %s', async (_name, body) => {
    const { foreign } = providersAt({ body });
    expect(await foreign.find(OF, 'datasets[1]')).toEqual(passed(OTHER_PROVIDER));
  });

  test('is nobody else when it has our own address', async () => {
    const { address } = createLocalSigner(PROVIDER_KEY);
    const { foreign } = providersAt({ body: { providerAddresses: { 8996: address.toLowerCase() } } });
    expect(await foreign.find(OF, 'datasets[1]')).toEqual(passed(undefined));
  });
});

const unreachable = { ok: false, reason: { code: 'FOREIGN_PROVIDER_UNREACHABLE', field: 'datasets[1].serviceId' } };

test.each([
  ['breaks off', 'breaks off' as const],
  ['answers 500', { status: 500, body: {} }],
  ['answers no JSON', { body: '<html>' }],
  ['serves other chains', { body: { providerAddresses: { 1: OTHER.address } } }],
  ['has no address', { body: { providerAddress: 'me' } }],
])('whoever %s is no Provider to compute with', async (_name, answer) => {
  expect(await providersAt(answer).foreign.find(OF, 'datasets[1]')).toMatchObject(unreachable);
});

describe('a quote', () => {
  const quote = async (answer: Scripted, of = OF) => {
    const { asked, foreign } = providersAt(answer);
    return { asked, answer: await foreign.quote(of, OTHER_PROVIDER, USE, 'datasets[1]') };
  };

  test('is asked for the environment that will download', async () => {
    const fee = await quoted();
    const { asked, answer } = await quote({ body: { datatoken: DATATOKEN, nonce: null, providerFee: fee } });
    expect(answer).toEqual(passed(fee));
    expect(Object.fromEntries(new URL(asked[0]?.url ?? '').searchParams)).toEqual({
      documentId: OF.asset.did,
      serviceId: 'svc-1',
      consumerAddress: USER,
      environment: 'free',
      environmentAddress: ENVIRONMENT_ADDRESS,
      validUntil: '2000000000',
    });
  });

  test('of a classic Provider names no environment, which is enough for what is for download', async () => {
    const body = { datatoken: DATATOKEN, providerFee: await quoted({ environment: null }) };
    const open = assetOf({ service: { type: 'access' } });
    expect((await quote({ body }, open)).answer.ok).toBe(true);
    expect((await quote({ body })).answer).toMatchObject({ reason: { code: 'FOREIGN_QUOTE_INVALID' } });
  });

  test.each([
    ['another datatoken’s', quoted({ datatoken: FEE_TOKEN }), DATATOKEN],
    ['for another datatoken by its own word', quoted(), FEE_TOKEN],
    ['signed by somebody else', quoted({}, createLocalSigner(PROVIDER_KEY)), DATATOKEN],
  ])('%s would be paid in vain', async (_name, fee, datatoken) => {
    const { answer } = await quote({ body: { datatoken, providerFee: await fee } });
    expect(answer).toMatchObject({ reason: { code: 'FOREIGN_QUOTE_INVALID', rule: 'foreign.quote' } });
  });

  test('that is refused brings the reason along, and no more than a sentence of it', async () => {
    const body = { error: `no ${'x'.repeat(5000)}`, code: 'ASSET_REVOKED' };
    const { answer } = await quote({ status: 400, body });
    expect(answer).toMatchObject({ reason: { code: 'FOREIGN_PROVIDER_REFUSED' } });
    const message = answer.ok ? '' : answer.reason.message;
    expect(message).toContain('ASSET_REVOKED: no xxx');
    expect(message.length).toBeLessThan(300);
  });
});

describe('files', () => {
  const files = (body: unknown) =>
    providersAt({ body }).foreign.files(OF, OTHER_PROVIDER, { userdata: { n: 1 } }, 'datasets[1]');

  test('are counted, with the checksums and lengths that are told', async () => {
    const checksum = 'AB'.repeat(32);
    const body = [
      { index: 0, valid: true, contentLength: '7', checksum },
      { index: 1, valid: true, contentLength: '' },
    ];
    expect(await files(body)).toEqual(
      passed([
        { checksum: checksum.toLowerCase(), length: 7 },
        { checksum: undefined, length: undefined },
      ]),
    );
  });

  test.each([
    ['that cannot be read', [{ valid: true }, { valid: false }], 'FILE_UNREACHABLE'],
    ['that are none', [], 'FOREIGN_PROVIDER_UNREACHABLE'],
    ['that are no list', { error: 'x' }, 'FOREIGN_PROVIDER_UNREACHABLE'],
  ])('%s start no job', async (_name, body, code) => {
    expect(await files(body)).toMatchObject({ ok: false, reason: { code } });
  });
});
