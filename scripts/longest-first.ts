import path from 'node:path';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';
import { LONGEST } from './longest-tests.ts';

/**
 * The order of test files: those that have a process of their own, then the others; of each the longest first, then Vitest's own
 * order. Vitest ends a shared process when the next file in the queue wants one of its own, and its modules have to be loaded again.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const length = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.indexOf(path.relative(this.ctx.config.root, moduleId));
      return found === -1 ? LONGEST.length : found;
    };
    const process = ({ project }: TestSpecification): number => (project.config.isolate ? 0 : 1);
    return (await super.sort(files)).toSorted((a, b) => process(a) - process(b) || length(a) - length(b));
  }
}
