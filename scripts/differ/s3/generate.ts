import { Dice } from '../dice.ts';
import { createBucket, deleteBucket, headBucket, listBuckets, locateBucket } from './bucket-steps.ts';
import { listObjects, listObjectsV2 } from './listing-steps.ts';
import { copyObject, deleteObject, deleteObjects, getObject, putObject } from './object-steps.ts';
import { anonymous, badSignature, presigned, streamed } from './signature-steps.ts';
import type { S3Step } from './step.ts';
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  listUploads,
  uploadPart,
  uploadPartCopy,
} from './upload-steps.ts';

/** What a request has of its own; all else is usual. */
export type StepParts = Pick<S3Step, 'operation' | 'method' | 'bucket'> &
  Partial<Pick<S3Step, 'key' | 'query' | 'headers' | 'body' | 'signing'>>;
export type StepMaker = (dice: Dice) => StepParts;

/** How often each is sent: what products do most comes most. */
const MAKERS: readonly (readonly [number, StepMaker])[] = [
  [240, putObject],
  [200, getObject],
  [60, deleteObject],
  [25, deleteObjects],
  [60, copyObject],
  [120, listObjectsV2],
  [50, listObjects],
  [20, createUpload],
  [50, uploadPart],
  [12, uploadPartCopy],
  [25, completeUpload],
  [8, abortUpload],
  [12, listParts],
  [10, listUploads],
  [5, listBuckets],
  [8, headBucket],
  [5, locateBucket],
  [8, createBucket],
  [8, deleteBucket],
  [25, badSignature],
  [10, anonymous],
  [12, presigned],
  [25, streamed],
];

/** The first of every sequence: there is nothing to talk about without a bucket. */
const OPENING: StepParts = { operation: 'CreateBucket', method: 'PUT', bucket: '{bucket}' };

/** One request of one sequence of one seed: it does not depend on any other, so that a replay may leave those out. */
export function stepOf(seed: string, sequence: number, index: number): S3Step {
  const dice = new Dice(`s3:${seed}:${sequence}:${index}`);
  const parts = index === 0 ? OPENING : dice.weighted(MAKERS)(dice);
  return { key: undefined, query: [], headers: {}, body: undefined, signing: { form: 'header' }, ...parts, index };
}
