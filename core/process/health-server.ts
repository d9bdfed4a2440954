import { createServer } from 'node:http';
import type { ListenOptions } from '../http-listen.ts';
import { closeServer, listen } from '../http-listen.ts';
import type { RunningResource } from '../resource.ts';
import { runningResource } from '../resource.ts';

export interface HealthServer extends RunningResource {
  readonly port: number;
}

/** `/livez` answers while the process turns; `/readyz` once `isReady` says so, with 503 before and when it ends. */
export async function startHealthServer(options: ListenOptions, isReady: () => boolean): Promise<HealthServer> {
  const server = createServer((request, answer) => {
    const isFine = request.url === '/livez' || (request.url === '/readyz' && isReady());
    const known = request.url === '/livez' || request.url === '/readyz';
    answer.writeHead(isFine ? 200 : known ? 503 : 404, { 'content-type': 'text/plain' });
    answer.end(isFine ? 'ok' : known ? 'not ready' : 'not found');
  });
  const { port } = await listen(server, options);
  return runningResource({ port }, () => closeServer(server));
}
