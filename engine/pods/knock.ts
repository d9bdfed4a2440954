import { connect } from 'node:net';

/** Whether a connection comes about in time, whatever becomes of it. Whoever it reaches is told one line. */
export function knock(
  { host, port }: { readonly host: string; readonly port: number },
  greeting: string,
  timeoutMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let isReached = false;
    const answer = (): void => {
      socket.destroy();
      resolve(isReached);
    };
    socket.setTimeout(timeoutMs, answer);
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      // Who refuses is ECONNREFUSED: only what was there can be reset, be it before we heard of it.
      isReached ||= code === 'ECONNRESET';
      answer();
    });
    socket.once('connect', () => {
      isReached = true;
      socket.end(`${greeting}\n`, answer);
    });
  });
}
