import type { Checks, Step } from '../../harness/index.ts';

/** A step that hands something on to later ones. When it cannot go on, later steps are skipped unrun, so nobody meets what is missing. */
export type Tell = <T>(title: string, work: (check: Checks) => Promise<T>) => Promise<T>;

export function teller(step: Step): Tell {
  return async <T>(title: string, work: (check: Checks) => Promise<T>): Promise<T> => {
    let told: T | undefined;
    await step(title, async (check) => {
      told = await work(check);
    });
    return told as T;
  };
}
