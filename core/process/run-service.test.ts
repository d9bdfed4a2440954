import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { WavetankError } from '../errors.ts';
import { runningResource } from '../resource.ts';
import type { ServiceOptions } from './run-service.ts';
import { runService } from './run-service.ts';
import { startHealthServer } from './health-server.ts';

function serviceOptions(ended: AbortSignal): {
  lines: () => { level: string; message: string }[];
  options: ServiceOptions;
} {
  let text = '';
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return {
    lines: () =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { level: string; message: string }),
    options: { name: 'part', logLevel: 'info', health: {}, ended, stdout },
  };
}

it('runs until it is told to end, and stops what it started', async () => {
  const ended = new AbortController();
  let stops = 0;
  const { options, lines } = serviceOptions(ended.signal);
  const code = await runService(async ({ log }) => {
    log.debug('not asked for');
    ended.abort();
    return runningResource({}, async () => void stops++);
  }, options);
  expect(code).toBe(0);
  expect(stops).toBe(1);
  expect(lines().map(({ message }) => message)).toEqual(['The service is ready.', 'The service ends.']);
});

it('tells a wrong configuration from a failure by its exit code', async () => {
  const { options, lines } = serviceOptions(new AbortController().signal);
  const failing = (category: 'usage' | 'environment') => async () => {
    throw new WavetankError('BROKEN', 'It is broken.', { category });
  };
  expect(await runService(failing('usage'), options)).toBe(2);
  expect(await runService(failing('environment'), options)).toBe(1);
  expect(lines()).toMatchObject([
    { level: 'error', fields: { code: 'BROKEN', reason: 'It is broken.' } },
    { level: 'error', fields: { code: 'BROKEN' } },
  ]);
});

it('is alive before it is ready, and says nothing else', async () => {
  let isReady = false;
  await using server = await startHealthServer({}, () => isReady);
  const ask = async (path: string): Promise<number> => (await fetch(`http://127.0.0.1:${server.port}${path}`)).status;
  expect([await ask('/livez'), await ask('/readyz'), await ask('/metrics')]).toEqual([200, 503, 404]);
  isReady = true;
  expect(await ask('/readyz')).toBe(200);
});
