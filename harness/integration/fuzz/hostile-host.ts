import http from 'node:http';
import { gzipSync } from 'node:zlib';
import { closeServer, listen } from '../../../core/http-listen.ts';
import { systemClock } from '../../../core/clock.ts';
import { runningResource } from '../../../core/resource.ts';

/** Ten megabytes in ten kilobytes. */
const BOMB = gzipSync(Buffer.alloc(10 * 1024 * 1024));
const BLOCK = Buffer.alloc(64 * 1024, 'x');
/** Slower than the pause that a Provider allows would be cut off as silent; this is faster, and never ends. */
const DRIP_MS = 20;

type Behaviour = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** Who signs nothing that it quotes. */
export const HOSTILE_PROVIDER = '0x00000000000000000000000000000000000000E9';

const FEE = { providerFeeAddress: HOSTILE_PROVIDER, providerFeeToken: HOSTILE_PROVIDER, providerFeeAmount: '0' };
const SIGNED = {
  ...FEE,
  providerData: '0x',
  v: 27,
  r: `0x${'00'.repeat(32)}`,
  s: `0x${'00'.repeat(32)}`,
  validUntil: 0,
};
let quotes = 0;
const QUOTES = [
  { status: 400, body: JSON.stringify({ error: '<script>'.repeat(5000), code: {}, explain: null }) },
  { status: 200, body: JSON.stringify({ datatoken: HOSTILE_PROVIDER, providerFee: SIGNED }) },
  {
    status: 200,
    body: JSON.stringify({
      datatoken: HOSTILE_PROVIDER,
      providerFee: { ...SIGNED, providerFeeAmount: '9'.repeat(78) },
    }),
  },
  { status: 200, body: `${'['.repeat(100_000)}` },
  { status: 200, body: '{"datatoken":"__proto__","providerFee":{"__proto__":{"v":27}}}' },
  { status: 204, body: '' },
  { status: 500, body: 'no' },
];

/** What a host of files may do to a Provider, by path. */
export const BEHAVIOURS = {
  ok: (_request, response) => void response.writeHead(200, { 'content-type': 'text/csv' }).end('a,b\n'),
  empty: (_request, response) => void response.writeHead(200, { 'content-length': 0 }).end(),
  silent: () => undefined,
  reset: (request) => void request.socket.destroy(),
  huge: (_request, response) => {
    response.writeHead(200, { 'content-length': String(10 * 2 ** 40) });
    pour(response);
  },
  endless: (_request, response) => {
    response.writeHead(200);
    pour(response);
  },
  drip: (_request, response) => {
    response.writeHead(200);
    drip(response);
  },
  pause: (_request, response) => void response.writeHead(200, { 'content-length': '100' }).write('a'),
  short: (_request, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('only this', () => response.destroy());
  },
  long: (request) => void request.socket.end('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nmuch more than that'),
  bomb: (_request, response) =>
    void response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': BOMB.length }).end(BOMB),
  nonsense: (request) => void request.socket.end('\u0000\u0001 this is no HTTP\r\n\r\n'),
  headers: (request) => {
    // More than the 16 KiB that a client takes, not by much: undici makes an error of every header that comes after.
    const many = Array.from({ length: 400 }, (_, i) => `x-${i}: ${'v'.repeat(50)}\r\n`).join('');
    request.socket.end(`HTTP/1.1 200 OK\r\n${many}\r\n`);
  },
  continues: (request) => void request.socket.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000)),
  lies: (_request, response) =>
    void response
      .writeHead(206, { 'content-range': 'bytes 5-1/abc', 'content-length': '2', etag: 'x\u00ff' })
      .end('ab'),
  names: (_request, response) =>
    void response
      .writeHead(200, {
        'content-disposition': 'attachment; filename="../../e\u00fcvil;x=y"',
        'content-type': 'a/b; c="\u00ff"',
      })
      .end('x'),
  twice: (request) => void request.socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'),
  loop: (request, response) => void response.writeHead(302, { location: request.url ?? '/' }).end(),
  nowhere: (_request, response) => void response.writeHead(302).end(),
  /** Says that it is a Provider, and quotes whatever comes to its mind. */
  provider: (request, response) => {
    const [, , ...route] = (request.url ?? '/').split('?')[0]?.split('/') ?? [];
    if (route.join('/') === '')
      return void response.end(JSON.stringify({ providerAddresses: { 8996: HOSTILE_PROVIDER } }));
    const answer = QUOTES[quotes++ % QUOTES.length];
    response.writeHead(answer?.status ?? 200).end(answer?.body);
  },
  error: (_request, response) => void response.writeHead(500).end('no'),
  /** Redirects to the address that follows `?to=`. */
  redirect: (request, response) => {
    const to = new URL(request.url ?? '/', 'http://host').searchParams.get('to') ?? '';
    response.writeHead(307, { location: to.replaceAll(/[^\x20-\x7e]/g, '_') }).end();
  },
} as const satisfies Record<string, Behaviour>;

export type BehaviourName = keyof typeof BEHAVIOURS;

/** Listens on loopback; a Net of the test world leads public addresses here. */
export async function startHostileHost() {
  const server = http.createServer((request, response) => {
    const name = (request.url ?? '/').slice(1).split(/[/?]/)[0] ?? '';
    const behave: Behaviour = name in BEHAVIOURS ? BEHAVIOURS[name as BehaviourName] : BEHAVIOURS.ok;
    response.on('error', () => undefined);
    behave(request, response);
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  const { port } = await listen(server);
  return runningResource({ port }, () => closeServer(server));
}

function pour(response: http.ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(BLOCK));
  };
  response.on('drain', more);
  more();
}

function drip(response: http.ServerResponse): void {
  if (response.destroyed) return;
  response.write('.');
  systemClock.after(DRIP_MS, () => drip(response));
}
