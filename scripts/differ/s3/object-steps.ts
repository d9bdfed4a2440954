import type { Dice } from '../dice.ts';
import type { StepMaker } from './generate.ts';
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

export const putObject: StepMaker = (dice) => {
  const key = someKey(dice);
  const body = someContent(dice);
  const promises = dice.weighted<Record<string, string>>([
    [70, {}],
    [6, { 'content-md5': md5Base64(bytesOf(body)) }],
    [3, { 'content-md5': md5Base64('something else') }],
    [2, { 'content-md5': 'short' }],
    [6, { 'x-amz-checksum-crc32': crc32Base64(bytesOf(body)) }],
    [3, { 'x-amz-checksum-crc32': 'AAAAAA==' }],
    [3, { 'x-amz-checksum-crc32': 'short' }],
    [5, { 'if-none-match': '*' }],
    [4, { 'if-match': `{etag:${key}}` }],
    [2, { 'if-match': '"00000000000000000000000000000000"' }],
  ]);
  return {
    operation: 'PutObject',
    method: 'PUT',
    bucket: someBucket(dice),
    key,
    headers: { ...someAttributes(dice), ...promises },
    body,
  };
};

const RANGES = [
  'bytes=0-3',
  'bytes=2-',
  'bytes=-5',
  'bytes=0-',
  'bytes=5-2',
  'bytes=500000-',
  'bytes=-0',
  'bytes=x',
  'bytes=0-999999',
  'lines=1-2',
];

export const getObject: StepMaker = (dice) => {
  const key = someKey(dice);
  return {
    operation: 'GetObject',
    method: dice.chance(70) ? 'GET' : 'HEAD',
    bucket: someBucket(dice),
    key,
    query: dice.chance(8) ? [overrideOf(dice)] : [],
    headers: {
      ...(dice.chance(30) ? { range: dice.pick(RANGES) } : {}),
      ...(dice.chance(25) ? someConditions(dice, key) : {}),
      ...(dice.chance(15) ? { 'x-amz-checksum-mode': 'ENABLED' } : {}),
      ...(dice.chance(3) ? { 'if-range': `{etag:${key}}` } : {}),
    },
  };
};

function overrideOf(dice: Dice): [string, string] {
  const name = dice.pick([
    'content-type',
    'content-language',
    'cache-control',
    'content-disposition',
    'content-encoding',
    'expires',
  ]);
  return [`response-${name}`, dice.pick(['text/x-lab', 'de', 'attachment'])];
}

export const deleteObject: StepMaker = (dice) => ({
  operation: 'DeleteObject',
  method: 'DELETE',
  bucket: someBucket(dice),
  key: someKey(dice),
});

export const deleteObjects: StepMaker = (dice) => {
  const objects = Array.from(
    { length: 1 + dice.below(4) },
    () => `<Object><Key>${escaped(someKey(dice))}</Key></Object>`,
  );
  const quiet = dice.weighted([
    [60, ''],
    [20, '<Quiet>true</Quiet>'],
    [20, '<Quiet>false</Quiet>'],
  ]);
  const text = dice.weighted([
    [90, `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${quiet}${objects.join('')}</Delete>`],
    [3, '<Delete><Object>'],
    [3, '<Delete></Delete>'],
    [2, 'no document'],
    [2, ''],
  ]);
  return {
    operation: 'DeleteObjects',
    method: 'POST',
    bucket: someBucket(dice),
    query: [['delete', '']],
    headers: dice.chance(97) ? { 'content-md5': md5Base64(text) } : {},
    body: { form: 'text', text },
  };
};

/** Control characters have no place in XML 1.0, written out or not. */
function escaped(text: string): string {
  const legal = text.replaceAll(/\p{Cc}/gu, '');
  return legal.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export const copyObject: StepMaker = (dice) => {
  const source = someKey(dice);
  const directive = dice.weighted<Record<string, string>>([
    [50, {}],
    [20, { 'x-amz-metadata-directive': 'COPY' }],
    [27, { 'x-amz-metadata-directive': 'REPLACE' }],
    [3, { 'x-amz-metadata-directive': 'KEEP' }],
  ]);
  const from = dice.weighted([
    [92, `/${someBucket(dice)}/${encodeURIComponent(source)}`],
    [4, `${someBucket(dice)}/${encodeURIComponent(source)}`],
    [4, 'nothing'],
  ]);
  return {
    operation: 'CopyObject',
    method: 'PUT',
    bucket: someBucket(dice),
    key: someKey(dice),
    headers: {
      'x-amz-copy-source': from,
      ...directive,
      ...(dice.chance(30) ? someConditions(dice, source, 'x-amz-copy-source-') : {}),
      ...(dice.chance(30) ? someAttributes(dice) : {}),
    },
  };
};
