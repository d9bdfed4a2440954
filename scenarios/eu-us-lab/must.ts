import type { Answer } from '../../harness/index.ts';
import { WavetankError } from '../../harness/index.ts';

/** For work beside the steps, where no check is at hand: a refusal becomes an error, and whoever waits for the work reports it. */
export function must<T>(what: string, answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  const { code = 'REFUSED', message = '' } = answer.refusal;
  throw new WavetankError('STORY_REFUSED', `${what}: ${code} ${message}`, {
    category: 'check',
    details: { ...answer.refusal },
  });
}
