import type { Story } from '../../harness/index.ts';

const TRY_EVERY_MS = 10;

/** Looks again until `isSo` holds or the time is over; gives back what was seen last. For what nobody announces. */
export async function eventually<T>(
  { clock, signal }: Pick<Story, 'clock' | 'signal'>,
  look: () => Promise<T>,
  isSo: (seen: T) => boolean,
  timeoutMs = 5000,
): Promise<T> {
  const deadline = clock.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (isSo(seen) || clock.now() >= deadline) return seen;
    await clock.sleep(TRY_EVERY_MS, signal);
  }
}
