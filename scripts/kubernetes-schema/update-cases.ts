import type { Json } from './schema-walk.ts';

/** An object that is really created, and what is then sent in its place with dryRun=All. */
export interface UpdateCase {
  readonly resource: string;
  readonly object: Json;
  readonly changes: readonly { readonly name: string; readonly change: (object: Json) => Json }[];
}
export const UPDATE_CASES: readonly UpdateCase[] = [];
