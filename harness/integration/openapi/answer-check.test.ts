import { expect, test } from 'vitest';
import { z } from 'zod';
import { openApiDocument } from '../../../core/openapi.ts';
import { createAnswerCheck } from './answer-check.ts';

const document = openApiDocument({ title: 't', version: '1', description: '' }, [
  {
    method: 'get',
    path: '/thing',
    summary: 'A thing',
    answers: {
      200: { description: 'It.', content: { 'application/json': z.strictObject({ name: z.string() }) } },
      206: { description: 'Bytes of it.', content: { '*/*': 'bytes' } },
    },
  },
]);

const answer = {
  method: 'GET',
  route: '/thing',
  status: 200,
  contentType: 'application/json',
  body: '{"name":"a"}',
} as const;

test.each([
  ['as documented', {}, undefined],
  ['a stream where bytes are documented', { status: 206, body: undefined, contentType: 'text/csv' }, undefined],
  ['a status that is not documented', { status: 201 }, 'status 201'],
  ['a key too many', { body: '{"name":"a","secret":1}' }, 'additional properties'],
  ['a key of another kind', { body: '{"name":1}' }, 'must be string'],
  ['another media type', { contentType: 'text/html' }, 'text/html'],
  ['another verb', { method: 'POST' }, 'no such operation'],
  ['a stream where words are documented', { body: undefined }, 'stream'],
  ['no route, refused as documented', { route: undefined, status: 404, body: '{"code":"NOT_FOUND"}' }, undefined],
  ['no route, and served', { route: undefined }, 'no route'],
])('%s', (_name, change, problem) => {
  const check = createAnswerCheck(document, { codes: ['NOT_FOUND'] });
  check.observe({ ...answer, ...change });
  expect(check.violations.filter((text) => text.includes(problem ?? ''))).toHaveLength(problem === undefined ? 0 : 1);
  expect([...check.seen.values()]).toEqual([1]);
});
