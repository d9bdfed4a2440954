import type { Readable } from 'node:stream';

/**
 * A stream that breaks off or is given up before anybody reads it would end the process: nobody listens for its error
 * yet. Whoever reads it later still sees the error.
 */
export function guarded<Stream extends Readable>(stream: Stream): Stream {
  return stream.on('error', () => undefined);
}
