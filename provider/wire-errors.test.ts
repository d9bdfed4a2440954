import { describe, expect, test } from 'vitest';
import { Refused, invalidField } from './refusal.ts';
import { wireErrorOf } from './wire-errors.ts';

const reason = {
  code: 'ORDER_EXPIRED',
  field: 'dataset.serviceId',
  rule: 'order.validity',
  message: 'Over.',
  classic: 'order_invalid',
} as const;
const beside = { code: 'ORDER_EXPIRED', field: 'dataset.serviceId', rule: 'order.validity', explain: 'Over.' };

describe('bodies as the classic Provider shapes them, with the reason beside', () => {
  test.each([
    ['fields', { error: { 'dataset.serviceId': 'order_invalid' }, ...beside }],
    ['text', { error: 'order_invalid', ...beside }],
    [
      'validation',
      {
        success: false,
        message: 'Validation error',
        errors: { 'dataset.serviceId': ['order_invalid'] },
        error: 'order_invalid',
        ...beside,
      },
    ],
  ] as const)('%s', (shape, body) => {
    expect(wireErrorOf(new Refused(reason, shape), 'r1')).toEqual({ status: 400, body });
  });

  test('a missing field', () => {
    expect(wireErrorOf(invalidField('nonce', 'The nonce field is required.'), 'r1')).toMatchObject({
      status: 400,
      body: { errors: { nonce: ['The nonce field is required.'] }, code: 'INVALID_REQUEST' },
    });
  });

  test('D6: an unknown error tells its request id and nothing else', () => {
    const error = new Error('https://secret.example/file?key=1 with 0xprivate');
    expect(wireErrorOf(error, 'r1')).toEqual({
      status: 500,
      body: { error: 'Internal error', code: 'INTERNAL', requestId: 'r1' },
    });
  });
});
