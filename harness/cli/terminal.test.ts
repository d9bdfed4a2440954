import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { WavetankError } from '../../core/errors.ts';
import { reportError } from './terminal.ts';

const CTRL_C = new WavetankError('INTERRUPTED', 'Interrupted.', { category: 'interrupted' });

function reported(error: unknown, reason?: WavetankError): { code: number; said: string } {
  let said = '';
  const stderr = new Writable({ write: (chunk: Buffer, _encoding, done) => ((said += chunk.toString()), done()) });
  const interruption = new AbortController();
  if (reason !== undefined) interruption.abort(reason);
  const code = reportError(error, { stdout: stderr, stderr, env: {}, interrupted: interruption.signal });
  return { code, said };
}

test.each([
  ['itself', CTRL_C],
  ['as the cause of a failed start', new WavetankError('START_FAILED', 'The chain did not start.', { cause: CTRL_C })],
  ['by what it cut off', new DOMException('This operation was aborted', 'AbortError')],
])('Ctrl-C is told as such: %s', (_how, error) => {
  expect(reported(error, CTRL_C)).toEqual({ code: 130, said: 'wavetank: interrupted; everything was stopped\n' });
});

test.each([
  ['a part that does not stop', new WavetankError('STOP_TIMEOUT', 'cluster did not stop within 15000 ms.'), 4],
  [
    'a time-out before it',
    new WavetankError('SCENARIO_TIMEOUT', 'The scenario was not over.', { category: 'check' }),
    1,
  ],
  ['several failures', new AggregateError([new Error('one')], 'Several parts could not be stopped.'), 4],
])('what Ctrl-C does not explain keeps its own words and code: %s', (_what, error, code) => {
  const told = reported(error, CTRL_C);
  expect(told.code).toBe(code);
  expect(told.said).toContain(error.message);
});

test('an error of ours that ended everything is no Ctrl-C', () => {
  const uncaught = new WavetankError('UNCAUGHT', 'An error that nobody caught.');
  expect(reported(uncaught, uncaught)).toMatchObject({ code: 4, said: expect.stringContaining('[UNCAUGHT]') });
});
