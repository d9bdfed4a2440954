import { BAD_METADATA_CASES } from './cases/metadata.ts';
import { OTHER_KIND_CASES } from './cases/other-kinds.ts';
import { POD_CASES } from './cases/pods.ts';
import { CONTAINER_CASES } from './cases/containers.ts';
import { VOLUME_CASES } from './cases/volumes.ts';
import type { Sample } from './samples.ts';

/**
 * Objects that are refused, or that show a rule: one difference from a good one each, and some with several. Never two
 * wrong entries in one map: the server goes through maps in random order, and so would its causes.
 */
export const CREATE_CASES: readonly Sample[] = [
  ...BAD_METADATA_CASES,
  ...POD_CASES,
  ...CONTAINER_CASES,
  ...VOLUME_CASES,
  ...OTHER_KIND_CASES,
];
