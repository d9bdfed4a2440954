import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { closeServer, listen } from '../../core/http-listen.ts';
import { WavetankError, isWavetankError, messageOf } from '../../core/errors.ts';
import type { RunningResource } from '../../core/resource.ts';
import { runningResource } from '../../core/resource.ts';
import type { JsonRpcHandler } from './json-rpc.ts';
import { answerJsonRpc } from './json-rpc.ts';

/** The largest body that is read: a batch of contract deployments has a few hundred kilobytes. */
const LARGEST_BODY_BYTES = 16 * 1024 * 1024;

const HEADERS = {
  'content-type': 'application/json',
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-allow-methods': 'POST, OPTIONS',
};

export interface RunningJsonRpcServer extends RunningResource {
  readonly url: string;
}

/** JSON-RPC over HTTP, as Ethereum nodes serve it: POST with one call or a batch, to any path. */
export async function startJsonRpcServer(
  handle: JsonRpcHandler,
  options: { readonly port?: number } = {},
): Promise<RunningJsonRpcServer> {
  const server = createServer((request, response) => {
    respond(request, response, handle).catch((error: unknown) => end(response, 500, { error: messageOf(error) }));
  });
  const { host, port } = await listen(server, options);
  return runningResource({ url: `http://${host}:${port}` }, () => closeServer(server));
}

async function respond(request: IncomingMessage, response: ServerResponse, handle: JsonRpcHandler): Promise<void> {
  if (request.method === 'OPTIONS') return end(response, 204);
  if (request.method !== 'POST') return end(response, 405, { error: 'JSON-RPC is spoken with POST.' });
  let body: string;
  try {
    body = await readBody(request);
  } catch (error) {
    return end(response, isWavetankError(error, 'BODY_TOO_LARGE') ? 413 : 400, { error: messageOf(error) });
  }
  end(response, 200, await answerJsonRpc(body, handle));
}

function end(response: ServerResponse, status: number, body?: unknown): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, HEADERS);
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY_BYTES) throw new WavetankError('BODY_TOO_LARGE', `More than ${LARGEST_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
