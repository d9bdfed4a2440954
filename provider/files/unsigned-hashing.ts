import type { Places } from '../places.ts';
import type { Checked } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';

/** Hashes for somebody who signed nothing: a few such are worked on at once, some wait, and one more is refused. */
export async function hashedInPlace<T>(places: Places, work: () => Promise<T>): Promise<Checked<T>> {
  const place = places.take();
  if (!place) {
    const message = 'Too many files are being hashed; ask again later.';
    return refuse({
      code: 'TOO_MANY_CHECKSUMS',
      field: 'checksum',
      rule: 'checksum.limit',
      message,
      classic: message,
    });
  }
  const leave = await place;
  try {
    return passed(await work());
  } finally {
    leave();
  }
}
