import { describe, expect, test } from 'vitest';
import { BrokerRefusal } from './broker-refusal.ts';
import { Patience } from './patience.ts';

function pausesAfter(error: unknown): number[] {
  const patience = new Patience();
  const pauses: number[] = [];
  for (let pause = patience.after(error); pause !== undefined; pause = patience.after(error)) pauses.push(pause);
  return pauses;
}

const absence = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });

describe('a pod whose broker', () => {
  test('is not there waits for two minutes, never longer than two seconds at once', () => {
    const pauses = pausesAfter(absence);
    const sum = pauses.reduce((total, pause) => total + pause, 0);
    expect(pauses.slice(0, 6)).toEqual([100, 200, 400, 800, 1600, 2000]);
    expect(Math.max(...pauses)).toBe(2000);
    expect(sum).toBeGreaterThan(110_000);
    expect(sum).toBeLessThan(130_000);
  });

  test.each([500, 502, 503, 429, 408])('answers %s tries five times more', (status) => {
    expect(pausesAfter(new BrokerRefusal(status, 'LATER', ''))).toEqual([100, 200, 400, 800, 1600]);
  });

  test('hangs up tries five times more', () => {
    expect(pausesAfter(Object.assign(new Error('hung up'), { code: 'ECONNRESET' }))).toHaveLength(5);
  });

  test.each([400, 401, 403, 404, 409, 413])('answers %s gives up at once', (status) => {
    expect(pausesAfter(new BrokerRefusal(status, 'NO', ''))).toEqual([]);
  });

  test('was away for a while has its tries left when it is back', () => {
    const patience = new Patience();
    for (let i = 0; i < 20; i++) patience.after(absence);
    expect(patience.after(new BrokerRefusal(503, 'LATER', ''))).toBe(100);
  });
});
