import { describe, expect, test } from 'vitest';
import type { ConsumerParameter } from './consumer-parameters.ts';
import { checkConsumerParameters } from './consumer-parameters.ts';

function parameter(type: ConsumerParameter['type'], changes: Partial<ConsumerParameter> = {}): ConsumerParameter {
  return { name: 'p', type, label: 'P', required: false, description: 'd', default: '', ...changes };
}

const OPTIONS = JSON.stringify([{ nodejs: 'Node.js' }, { python3: 'Python 3' }]);
const check = (declared: ConsumerParameter, given: unknown) => checkConsumerParameters([declared], given, 'userdata');

describe("a consumer's parameters", () => {
  test.each([
    ['text', 'x'],
    ['text', 5],
    ['number', 5],
    ['number', '-0.5e3'],
    ['boolean', false],
    ['boolean', 'true'],
    ['select', 'python3'],
  ] as const)('%s: %j is one', (type, p) => {
    expect(check(parameter(type, { options: OPTIONS }), { p })).toEqual({ allowed: true });
  });

  test.each([
    ['text', { a: 1 }],
    ['text', ['x']],
    ['number', 'five'],
    ['number', '0x10'],
    ['number', true],
    ['boolean', 1],
    ['boolean', 'yes'],
    ['select', 'ruby'],
    ['select', 'Node.js'],
    ['select', {}],
  ] as const)('%s: %j is none', (type, p) => {
    expect(check(parameter(type, { options: OPTIONS }), { p })).toMatchObject({
      allowed: false,
      code: 'CONSUMER_PARAMETER_INVALID',
      field: 'userdata',
    });
  });

  test.each([undefined, null, {}, { p: null }, { p: '' }, 'text'])('%j lacks a required one', (given) => {
    expect(check(parameter('text', { required: true }), given)).toMatchObject({
      allowed: false,
      code: 'CONSUMER_PARAMETER_MISSING',
    });
    expect(check(parameter('text'), given)).toEqual({ allowed: true });
  });

  test('a prototype lends none', () => {
    const declared = parameter('text', { name: 'toString', required: true });
    expect(check(declared, {})).toMatchObject({ code: 'CONSUMER_PARAMETER_MISSING' });
  });

  test.each([
    ['{"a":"A"}', true, false],
    ['["a","b"]', true, true],
    ['no json', true, true],
    ['5', true, true],
  ])('choices %s', (options, a, b) => {
    const declared = parameter('select', { options });
    expect([check(declared, { p: 'a' }).allowed, check(declared, { p: 'b' }).allowed]).toEqual([a, b]);
  });

  test('names that nobody declared pass', () => {
    expect(checkConsumerParameters(null, { any: { thing: 1 } }, 'userdata')).toEqual({ allowed: true });
    expect(check(parameter('text'), { other: 1 })).toEqual({ allowed: true });
  });
});
