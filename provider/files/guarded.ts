import type { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { WavetankError } from '../../core/errors.ts';

/**
 * A stream that breaks off or is given up before anybody reads it would end the process: nobody listens for its error
 * yet. Whoever reads it later still sees the error.
 */
export function guarded<Stream extends Readable>(stream: Stream): Stream {
  return stream.on('error', () => undefined);
}

/** Breaks the stream off when it has not ended in time. */
export function endedWithin<Stream extends Readable>(stream: Stream, clock: Clock, ms: number): Stream {
  const timer = clock.after(ms, () => stream.destroy(new WavetankError('STREAM_TOO_SLOW', `No end within ${ms} ms.`)));
  stream.once('close', () => timer.cancel());
  return stream;
}
