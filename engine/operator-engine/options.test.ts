import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { systemSeams } from '../../core/seams.ts';
import type { OperatorEngineOptions } from './options.ts';
import { resolveOptions } from './options.ts';

const resolve = (own: Partial<OperatorEngineOptions>) =>
  resolveOptions({
    seams: {} as OperatorEngineOptions['seams'],
    kubeconfigPath: 'k',
    namespace: 'ocean',
    podsImage: 'pods:1',
    brokerUrlForPods: 'http://broker:1',
    brokerEgress: { cidr: '192.0.2.1/32', port: 1 },
    ...own,
  });

describe('how much a job may publish', () => {
  test('is bounded by default, and may be set', () => {
    expect(resolve({}).pods).toMatchObject({ maxOutputFiles: 10_000, maxOutputBytes: 10 * 1024 ** 3 });
    expect(resolve({ maxOutputFiles: 7, maxOutputBytes: 8 }).pods).toMatchObject({
      maxOutputFiles: 7,
      maxOutputBytes: 8,
    });
  });

  test.each([
    { maxOutputFiles: 0 },
    { maxOutputFiles: 100_000 },
    { maxOutputFiles: 1.5 },
    { maxOutputBytes: Number.NaN },
  ])('%j is refused when the engine starts, not in a pod', (own) => {
    expect(() => resolve(own)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID', category: 'usage' }));
  });
});

describe('who an engine is', () => {
  test('E4: is another one in each of several that stand for election and were given no name', () => {
    const candidate = { seams: systemSeams(), leaderElection: true };
    const [one, other] = [resolve(candidate).identity, resolve(candidate).identity];
    expect(one).toMatch(/^.+_[\da-f]{16}$/);
    expect(one.startsWith(`${hostname()}_`)).toBe(true);
    expect(other).not.toBe(one);
    expect(resolve({ ...candidate, identity: 'engine-0' }).identity).toBe('engine-0');
  });

  test('needs no name where there is one', () => {
    expect(resolve({}).identity).toBe('operator-engine');
  });
});
