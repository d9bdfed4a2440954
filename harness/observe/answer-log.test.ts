import { expect, test } from 'vitest';
import { AnswerLog } from './answer-log.ts';

test('a short answer keeps no more than itself', () => {
  const log = new AnswerLog();
  const received = Buffer.alloc(64 * 1024, 'x');
  const about = { where: 'usLab GET /', status: 200 };
  log.take({ ...about, body: received.subarray(0, 100) });
  log.take({ ...about, body: received });
  const [short, whole] = log.all().map(({ body }) => body);
  expect(Buffer.from(short ?? [])).toEqual(received.subarray(0, 100));
  expect(short?.buffer.byteLength).toBe(100);
  expect(whole?.buffer).toBe(received.buffer);
});
