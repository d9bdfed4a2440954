import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { closeServer, listen, listenAlsoOn } from '../../../core/http-listen.ts';
import { sha256Hex } from '../../../core/protocol/hashing.ts';
import { runningResource } from '../../../core/resource.ts';

const ALGORITHM = `
const fs = require('node:fs');
const [did] = JSON.parse(process.env.DIDS);
const bytes = fs.readFileSync(process.env.INPUTS + '/' + did + '/0');
const end = performance.now() + 6000;
while (performance.now() < end) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
fs.writeFileSync(process.env.OUTPUTS + '/digest', require('node:crypto').createHash('sha256').update(bytes).digest('hex'));
`;
/** More than sockets and programs on the way keep: who holds it back holds the download. */
const DATA_BYTES = 32 * 1024 * 1024;

/** A Provider's side of a job: an algorithm that takes some seconds, and a file that stops half-way the first time. Takes ranges. */
export async function startSlowProvider() {
  const data = Buffer.alloc(DATA_BYTES, 'recordings of a cohort\n');
  const held = Promise.withResolvers<void>();
  const ranges: (string | undefined)[] = [];
  let waiting: ServerResponse | undefined;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://provider');
    if (pathname === '/algorithm') return void response.end(ALGORITHM);
    ranges.push(request.headers.range);
    const first = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(first === 0 ? 200 : 206, {
      'content-length': DATA_BYTES - first,
      ...(first === 0 ? {} : { 'content-range': `bytes ${first}-${DATA_BYTES - 1}/${DATA_BYTES}` }),
    });
    if (ranges.length > 1) return void response.end(data.subarray(first));
    waiting = response;
    response.write(data.subarray(0, DATA_BYTES / 2));
    held.resolve();
  });
  const { port } = await listen(server);
  const facts = {
    port,
    digests: { data: sha256Hex(data), algorithm: sha256Hex(ALGORITHM) },
    /** Resolves when half of the file is on its way and the rest is held back. */
    isHeld: held.promise,
    /** Ranges that were asked for, in order; undefined for the whole. */
    ranges,
    /** Where pods come to. */
    listenOn: (host: string) => listenAlsoOn(server, host, port),
  };
  return runningResource(facts, async () => {
    waiting?.destroy();
    await closeServer(server);
  });
}
