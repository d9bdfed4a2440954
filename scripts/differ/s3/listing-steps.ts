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

export const listObjectsV2: StepMaker = (dice) => ({
  operation: 'ListObjectsV2',
  method: 'GET',
  bucket: someBucket(dice),
  query: [
    ['list-type', '2'],
    ...common(dice),
    ...(dice.chance(15) ? ([['start-after', dice.pick(PLACES)]] as const) : []),
    ...(dice.chance(25) ? ([['continuation-token', dice.chance(92) ? '{token}' : 'no token!']] as const) : []),
    ...(dice.chance(15) ? ([['fetch-owner', dice.pick(['true', 'false'])]] as const) : []),
  ],
});

export const listObjects: StepMaker = (dice) => ({
  operation: 'ListObjects',
  method: 'GET',
  bucket: someBucket(dice),
  query: [
    ...common(dice),
    ...(dice.chance(30) ? ([['marker', dice.chance(50) ? '{marker}' : dice.pick(PLACES)]] as const) : []),
  ],
});
