import { messageOf } from '../../core/errors.ts';

/** Works on the numbers in their order, so many at a time. The first failure is thrown once all have stopped. */
export async function severalAtATime(
  numbers: readonly number[],
  atATime: number,
  work: (number: number) => Promise<void>,
): Promise<void> {
  const waiting = [...numbers];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  const outcomes = await Promise.allSettled(Array.from({ length: atATime }, worker));
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') throw new Error(messageOf(outcome.reason), { cause: outcome.reason });
}
