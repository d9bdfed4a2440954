import fc from 'fast-check';
import net from 'node:net';
import type { Clock } from '../../../core/clock.ts';
import { anyText } from './junk.ts';

/** Bytes that no HTTP client sends. */
export const rawBytes: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    'GET / HTTP/1.1\r\n\r\n',
    'GET  HTTP/9.9\r\nhost: a\r\n\r\n',
    'GET /%zz?a=%ff HTTP/1.1\r\nhost: a\r\n\r\n',
    'GET //api//services//nonce?userAddress=%00 HTTP/1.1\r\nhost: a\r\n\r\n',
    `GET /${'a/'.repeat(5000)} HTTP/1.1\r\nhost: a\r\n\r\n`,
    `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`,
    'POST /api/services/fileinfo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n{}',
    'POST /api/services/fileinfo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}{}{}',
    'POST /api/services/fileinfo HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /api/services/compute HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}',
    'POST /api/services/encrypt?chainId=8996 HTTP/1.1\r\nhost: a\r\ncontent-type: application/octet-stream\r\ncontent-length: 99999999999\r\n\r\nabc',
    'POST /api/services/fileinfo HTTP/1.1\r\nhost: a\r\ncontent-encoding: gzip\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\r\n\u001f\u008b\u0008\u0000',
    'GET http://169.254.169.254/latest HTTP/1.1\r\nhost: 169.254.169.254\r\n\r\n',
    'CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n',
    'GET /api/services/nonce?userAddress=1&userAddress=2 HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n',
  ),
  anyText(80),
);

/** Sends the bytes, reads what comes for a moment, and hangs up. @returns the status, if one came */
export function sendRaw(port: number, bytes: string, clock: Clock): Promise<number | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect({ host: '127.0.0.1', port });
    const end = (): void => {
      timer.cancel();
      socket.destroy();
      const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1];
      resolve(status === undefined ? undefined : Number(status));
    };
    // Half a request gets no answer for a while; nobody waits for the server to lose its patience.
    const timer = clock.after(50, end);
    socket.on('connect', () => socket.write(Buffer.from(bytes, 'latin1')));
    socket.on('data', (chunk: Buffer) => {
      answer = (answer + chunk.toString('latin1')).slice(0, 4096);
      if (/\r\n\r\n/.test(answer)) end();
    });
    socket.on('error', end);
    socket.on('close', end);
  });
}
