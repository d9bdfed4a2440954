import type { StepMaker } from './generate.ts';
import { someContent, someKey } from './choices.ts';
import type { HeaderFlaw, Signing } from './step.ts';

const FLAWS: readonly HeaderFlaw[] = [
  'secret',
  'access-key',
  'region',
  'late',
  'early',
  'changed-path',
  'payload-hash',
];

export const badSignature: StepMaker = (dice) => {
  const isPut = dice.chance(50);
  const flaw = isPut ? dice.pick(FLAWS) : dice.pick(FLAWS.filter((one) => one !== 'payload-hash'));
  return {
    operation: `a signature with a wrong ${flaw}`,
    method: isPut ? 'PUT' : dice.pick(['GET', 'HEAD', 'DELETE']),
    bucket: '{bucket}',
    key: someKey(dice),
    ...(isPut ? { body: { form: 'filler', size: 1 + dice.below(100), byte: dice.below(256) } } : {}),
    signing: { form: 'header', flaw },
  };
};

export const anonymous: StepMaker = (dice) => ({
  operation: 'a request without a signature',
  method: dice.pick(['GET', 'HEAD', 'PUT', 'DELETE']),
  bucket: dice.pick(['{bucket}', '{bucket}-none']),
  key: dice.chance(70) ? someKey(dice) : undefined,
  signing: { form: 'none' },
});

export const presigned: StepMaker = (dice) => ({
  operation: 'a presigned URL',
  method: 'GET',
  bucket: '{bucket}',
  key: someKey(dice),
  signing: dice.weighted<Signing>([
    [60, { form: 'presigned', expiresSeconds: 3600, ageSeconds: 60 }],
    [15, { form: 'presigned', expiresSeconds: 60, ageSeconds: 120 }],
    [10, { form: 'presigned', expiresSeconds: 604_801, ageSeconds: 0 }],
    [15, { form: 'presigned', expiresSeconds: 60, ageSeconds: 0, method: 'PUT' }],
  ]),
});

const SIGNED = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';

export const streamed: StepMaker = (dice) => {
  const { size, byte } = someContent(dice);
  return {
    operation: 'PutObject in chunks',
    method: 'PUT',
    bucket: '{bucket}',
    key: someKey(dice),
    body: { form: 'filler', size: size + 1, byte },
    signing: dice.weighted<Signing>([
      [30, { form: 'chunks', payload: SIGNED }],
      [10, { form: 'chunks', payload: SIGNED, tampered: true }],
      [20, { form: 'chunks', payload: `${SIGNED}-TRAILER`, trailer: 'right' }],
      [10, { form: 'chunks', payload: `${SIGNED}-TRAILER`, trailer: 'wrong' }],
      [20, { form: 'chunks', payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', trailer: 'right' }],
      [10, { form: 'chunks', payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', trailer: 'wrong' }],
    ]),
  };
};
