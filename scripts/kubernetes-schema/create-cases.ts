import type { Sample } from './samples.ts';
export const CREATE_CASES: readonly Sample[] = [];
