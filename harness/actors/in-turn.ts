/**
 * Lets one piece of work begin only when the one before it has ended: transactions of one account and nonces of one
 * address must arrive in the order in which they were numbered.
 */
export function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}
