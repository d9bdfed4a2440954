import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judge } from './compare.ts';
import type { Pair } from './differences.ts';
import { ACCEPTED_DIFFERENCES } from './differences.ts';
import { stepOf } from './generate.ts';
import { applyEdit, Memory } from './memory.ts';
import { Normaliser } from './normalise.ts';
import { shrink } from '../shrink.ts';
import type { Answer } from './step.ts';

const answer = (code: number, body: unknown): Answer => ({ code, headers: {}, body });
const pair = (real: Answer, embedded: Answer): Pair => ({
  step: { index: 0, method: 'GET', path: '/api/v1/pods', headers: {} },
  real,
  embedded,
});

describe('accepted differences', () => {
  const page = readFileSync(new URL('../../../docs/fidelity-kubernetes.md', import.meta.url), 'utf8');

  it.each(ACCEPTED_DIFFERENCES.map(({ id, reason }) => [id, reason] as const))('%s is on the page', (_id, reason) => {
    expect(page).toContain(`- ${reason}.\n`);
  });

  it('leave every other difference standing', () => {
    const refusal = { kind: 'Status', message: 'a', details: { causes: [{ field: 'x', message: 'm' }] } };
    const twice = { ...refusal, details: { causes: [...refusal.details.causes, ...refusal.details.causes] } };
    expect(judge(pair(answer(422, twice), answer(422, refusal)))).toEqual({
      accepted: ['causes-once'],
      differences: [],
    });
    const other = { ...refusal, details: { causes: [{ field: 'y', message: 'm' }] } };
    expect(judge(pair(answer(422, twice), answer(422, other))).differences).toHaveLength(1);
    expect(judge(pair(answer(200, {}), answer(201, {}))).differences).toHaveLength(1);
  });
});

describe('a comparison', () => {
  it('takes ids, versions and times of two servers for the same when they appear in the same places', () => {
    const object = (uid: string, resourceVersion: string): object => ({
      metadata: { name: 'a', uid, resourceVersion, creationTimestamp: '2031-01-02T03:04:05Z' },
    });
    const [real, embedded] = [new Normaliser(), new Normaliser()];
    const first = '00000000-0000-4000-8000-000000000001';
    const second = '00000000-0000-4000-8000-000000000002';
    expect(real.answer(answer(200, object(first, '7')), 'pods')).toEqual(
      embedded.answer(answer(200, object(second, '9000')), 'pods'),
    );
    expect(real.answer(answer(200, object(first, '7')), 'pods')).not.toEqual(
      embedded.answer(answer(200, object(second, '9001')), 'pods'),
    );
  });
});

describe('a step', () => {
  it('is the same for the same seed, whatever came before', () => {
    expect(stepOf('s', 3, 14)).toEqual(stepOf('s', 3, 14));
    const steps = Array.from({ length: 40 }, (_none, index) => JSON.stringify(stepOf('s', 3, index)));
    expect(new Set(steps).size).toBeGreaterThan(30);
  });

  it('is filled in with what its own server has answered', () => {
    const memory = new Memory('ns');
    memory.learn('pods', answer(200, { kind: 'Pod', metadata: { name: 'a', resourceVersion: '5', uid: 'u' } }));
    const request = memory.request({
      index: 0,
      method: 'PUT',
      path: '/api/v1/namespaces/{ns}/pods/a?resourceVersion={rv:pods/a}',
      headers: {},
      body: {
        form: 'object',
        base: 'pods/a',
        value: {},
        edits: [{ path: ['spec', 'x', 0], value: '{uid:pods/a}' }],
        encoding: 'json',
      },
    });
    expect(request.path).toBe('/api/v1/namespaces/ns/pods/a?resourceVersion=5');
    expect(JSON.parse(request.body ?? '')).toEqual({
      kind: 'Pod',
      metadata: { name: 'a', resourceVersion: '5', uid: 'u' },
      spec: { x: ['u'] },
    });
    expect(applyEdit({ a: [1, 2] }, { path: ['a', 0] })).toEqual({ a: [2] });
  });
});

it('shrinks a sequence to the steps that the last one needs', async () => {
  const needed = (steps: readonly number[]): Promise<boolean> =>
    Promise.resolve(steps.includes(3) && steps.includes(11) && steps.at(-1) === 19);
  expect(await shrink([...Array(20).keys()], needed)).toEqual([3, 11, 19]);
});
