import { expect, it } from 'vitest';
import { Environment } from './environment.ts';

it('reads what is there, with standards for what need not be', () => {
  const environment = new Environment({ NAME: 'a', COUNT: '12', KIND: 'b', MAP: '{"x":1}', EMPTY: '' });
  expect(environment.text('NAME')).toBe('a');
  expect(environment.text('EMPTY', 'standard')).toBe('standard');
  expect(environment.optional('EMPTY')).toBeUndefined();
  expect(environment.number('COUNT', 1)).toBe(12);
  expect(environment.number('OTHER', 1)).toBe(1);
  expect(environment.choice('KIND', ['a', 'b'], 'a')).toBe('b');
  expect(environment.json('MAP', (value) => value)).toEqual({ x: 1 });
  expect(() => environment.check()).not.toThrow();
});

it('names every problem at once, and no value', () => {
  const environment = new Environment({ COUNT: '-1', KIND: 'secret', MAP: '{secret' });
  environment.text('NAME');
  environment.number('COUNT', 1);
  environment.choice('KIND', ['a', 'b'], 'a');
  environment.json('MAP', (value) => value);
  environment.json('LIST', (value) => value);
  expect(() => environment.check()).toThrowError(
    expect.objectContaining({
      code: 'ENVIRONMENT_VARIABLES_INVALID',
      category: 'usage',
      details: {
        problems: [
          'NAME is missing',
          'COUNT must be a whole number',
          'KIND must be one of a, b',
          'MAP is not the JSON that is expected',
          'LIST is missing',
        ],
      },
      message: expect.not.stringContaining('secret') as string,
    }),
  );
});
