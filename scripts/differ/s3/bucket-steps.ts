import type { StepMaker } from './generate.ts';
import { someBucket } from './choices.ts';

const BAD_NAMES = ['AB', 'UPPER-case', 'a', 'x'.repeat(64), 'dot..dot', '-dash', '192.168.0.1', 'under_score'];

export const listBuckets: StepMaker = () => ({ operation: 'ListBuckets', method: 'GET', bucket: undefined });

export const headBucket: StepMaker = (dice) => ({ operation: 'HeadBucket', method: 'HEAD', bucket: someBucket(dice) });

export const locateBucket: StepMaker = (dice) => ({
  operation: 'GetBucketLocation',
  method: 'GET',
  bucket: someBucket(dice),
  query: [['location', '']],
});

export const createBucket: StepMaker = (dice) => ({
  operation: 'CreateBucket',
  method: 'PUT',
  bucket: dice.weighted([
    [40, '{bucket}'],
    [30, '{other}'],
    [30, dice.pick(BAD_NAMES)],
  ]),
  body: dice.weighted([
    [80, undefined],
    [
      10,
      {
        form: 'text',
        text: '<CreateBucketConfiguration><LocationConstraint>eu-nowhere-1</LocationConstraint></CreateBucketConfiguration>',
      },
    ],
    [10, { form: 'text', text: '<Create' }],
  ]),
});

/** The second one comes and goes; the first is most often full. */
export const deleteBucket: StepMaker = (dice) => ({
  operation: 'DeleteBucket',
  method: 'DELETE',
  bucket: dice.weighted([
    [70, '{other}'],
    [20, '{bucket}'],
    [10, '{bucket}-none'],
  ]),
});
