import { describe, expect, test } from 'vitest';
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
