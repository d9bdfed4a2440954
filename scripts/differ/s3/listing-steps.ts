import type { Dice } from '../dice.ts';
import { someBucket } from './choices.ts';
import type { StepMaker } from './generate.ts';

const PREFIXES = ['', 'dir/', 'd', 'dir/sub', 'ü', 'x&', 'nothing/', '/'];
const PLACES = ['a', 'dir/', 'dir/a', 'dir/sub/c', 'zzz', ''];

function common(dice: Dice): [string, string][] {
  const all: [string, string][] = [
    ['prefix', dice.pick(PREFIXES)],
    [
      'delimiter',
      dice.weighted([
        [80, '/'],
        [10, 'd'],
        [5, 'ir'],
        [5, ''],
      ]),
    ],
    [
      'max-keys',
      dice.weighted([
        [40, '1'],
        [40, String(2 + dice.below(5))],
        [8, '0'],
        [4, '-1'],
        [4, 'x'],
        [4, '5000'],
      ]),
    ],
    ['encoding-type', dice.chance(92) ? 'url' : 'base64'],
  ];
  return all.filter(() => dice.chance(40));
}

/** A place that an answer gave is good for the listing that it was given for, and no other. */
function nextPage(dice: Dice, name: 'continuation-token' | 'marker'): [string, string][] {
  const [prefix, delimiter] = [dice.pick(['', 'dir/']), dice.pick(['', '/'])];
  const place = `{${name}:${prefix}|${delimiter}}`;
  return [
    ...(prefix === '' ? [] : ([['prefix', prefix]] as [string, string][])),
    ...(delimiter === '' ? [] : ([['delimiter', delimiter]] as [string, string][])),
    ...(dice.chance(70) ? ([['max-keys', String(1 + dice.below(3))]] as [string, string][]) : []),
    [name, dice.chance(95) ? place : 'no token!'],
  ];
}

export const listObjectsV2: StepMaker = (dice) => ({
  operation: 'ListObjectsV2',
  method: 'GET',
  bucket: someBucket(dice),
  query: [
    ['list-type', '2'],
    ...(dice.chance(25)
      ? nextPage(dice, 'continuation-token')
      : [...common(dice), ...(dice.chance(20) ? ([['start-after', dice.pick(PLACES)]] as const) : [])]),
    ...(dice.chance(15) ? ([['fetch-owner', dice.pick(['true', 'false'])]] as const) : []),
  ],
});

export const listObjects: StepMaker = (dice) => ({
  operation: 'ListObjects',
  method: 'GET',
  bucket: someBucket(dice),
  query: dice.chance(25)
    ? nextPage(dice, 'marker')
    : [...common(dice), ...(dice.chance(20) ? ([['marker', dice.pick(PLACES)]] as const) : [])],
});
