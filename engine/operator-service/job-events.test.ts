import http from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeServer, listen } from '../../core/http-listen.ts';
import { VirtualClock } from '../../core/virtual-clock.ts';
import type { WorkFlow } from '../api/workflow.ts';
import type { Reflector } from '../kubernetes/reflector.ts';
import { JobEvents } from './job-events.ts';
import type { Jobs } from './jobs.ts';

const nobodysJobs = { find: () => Promise.resolve([]) } as unknown as Jobs;
const quiet = { cache: { onChange: () => undefined } } as unknown as Reflector<WorkFlow>;
const events = new JobEvents(nobodysJobs, quiet, new VirtualClock());
const server = http.createServer((_request, response) => events.open({ provider: '0x0' }, response));
let port: number;

beforeAll(async () => {
  ({ port } = await listen(server));
});
afterAll(async () => {
  events.stop();
  await closeServer(server);
});

test('who listens for jobs that are none is answered at once', async () => {
  const request = http.get({ port, host: '127.0.0.1' });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'text/event-stream']);
  response.destroy();
});
