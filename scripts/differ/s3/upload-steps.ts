import type { Dice } from '../dice.ts';
import {
  bytesOf,
  crc32Base64,
  md5Base64,
  someAttributes,
  someBucket,
  someConditions,
  someContent,
  someKey,
} from './choices.ts';
import type { StepMaker } from './generate.ts';

/** One key, so that what is done next has to do with the upload that was begun last. */
const KEY = 'whole';

const uploadId = (dice: Dice): [string, string] => ['uploadId', dice.chance(95) ? '{upload}' : 'no-such-upload'];
const key = (dice: Dice): string => (dice.chance(96) ? KEY : someKey(dice));
const partNumber = (dice: Dice): [string, string] => [
  'partNumber',
  dice.weighted([
    [50, '1'],
    [35, '2'],
    [9, '3'],
    [2, '10000'],
    [1, '0'],
    [2, '10001'],
    [1, 'x'],
  ]),
];

export const createUpload: StepMaker = (dice) => ({
  operation: 'CreateMultipartUpload',
  method: 'POST',
  bucket: dice.chance(97) ? '{bucket}' : someBucket(dice),
  key: key(dice),
  query: [['uploads', '']],
  headers: someAttributes(dice),
});

export const uploadPart: StepMaker = (dice) => {
  const body = dice.chance(4)
    ? ({ form: 'filler', size: 5 * 1024 * 1024, byte: dice.below(9) } as const)
    : someContent(dice);
  return {
    operation: 'UploadPart',
    method: 'PUT',
    bucket: '{bucket}',
    key: key(dice),
    query: [partNumber(dice), uploadId(dice)],
    headers: dice.weighted<Record<string, string>>([
      [80, {}],
      [6, { 'content-md5': md5Base64(bytesOf(body)) }],
      [5, { 'content-md5': md5Base64('something else') }],
      [5, { 'x-amz-checksum-crc32': 'AAAAAA==' }],
      [4, { 'x-amz-checksum-crc32': crc32Base64(Buffer.from('x')) }],
    ]),
    body,
  };
};

export const uploadPartCopy: StepMaker = (dice) => {
  const source = someKey(dice);
  return {
    operation: 'UploadPartCopy',
    method: 'PUT',
    bucket: '{bucket}',
    key: key(dice),
    query: [partNumber(dice), uploadId(dice)],
    headers: {
      'x-amz-copy-source': `/${someBucket(dice)}/${encodeURIComponent(source)}`,
      ...(dice.chance(30)
        ? { 'x-amz-copy-source-range': dice.pick(['bytes=0-3', 'bytes=2-5', 'bytes=0-9999999', 'bytes=5-', 'x']) }
        : {}),
      ...(dice.chance(20) ? someConditions(dice, source, 'x-amz-copy-source-') : {}),
    },
  };
};

export const completeUpload: StepMaker = (dice) => {
  const part = (number: number, etag = `{part:${number}}`): string =>
    `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`;
  const parts = dice.weighted([
    [50, part(1)],
    [20, part(1) + part(2)],
    [5, part(2)],
    [5, part(2) + part(1)],
    [5, part(1, '"00000000000000000000000000000000"')],
    [5, part(7)],
    [5, ''],
    [5, '<Part><ETag>x</ETag></Part>'],
  ]);
  return {
    operation: 'CompleteMultipartUpload',
    method: 'POST',
    bucket: '{bucket}',
    key: key(dice),
    query: [uploadId(dice)],
    body: {
      form: 'text',
      text: dice.chance(95)
        ? `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`
        : dice.pick(['<Complete', '', '<Other/>']),
    },
  };
};

export const abortUpload: StepMaker = (dice) => ({
  operation: 'AbortMultipartUpload',
  method: 'DELETE',
  bucket: '{bucket}',
  key: key(dice),
  query: [uploadId(dice)],
});

export const listParts: StepMaker = (dice) => ({
  operation: 'ListParts',
  method: 'GET',
  bucket: '{bucket}',
  key: key(dice),
  query: [
    uploadId(dice),
    ...(dice.chance(30) ? ([['max-parts', dice.pick(['1', '2', '0', '-1', 'x'])]] as const) : []),
    ...(dice.chance(20) ? ([['part-number-marker', dice.pick(['0', '1', '2', 'x'])]] as const) : []),
  ],
});

export const listUploads: StepMaker = (dice) => ({
  operation: 'ListMultipartUploads',
  method: 'GET',
  bucket: dice.chance(95) ? '{bucket}' : someBucket(dice),
  query: [
    ['prefix', dice.chance(90) ? KEY : dice.pick(['w', '', 'nothing'])],
    ['uploads', ''],
  ],
});
