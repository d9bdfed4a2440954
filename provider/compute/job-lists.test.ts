import { expect, test } from 'vitest';
import { VirtualClock } from '../../core/virtual-clock.ts';
import type { OperatorClient } from '../operator-client.ts';
import { USER, chainOf } from '../testing/assets.ts';
import { createJobLists } from './job-lists.ts';

function setup() {
  const clock = new VirtualClock();
  const answers: PromiseWithResolvers<never[]>[] = [];
  const operator = {
    status: () => {
      const answer = Promise.withResolvers<never[]>();
      answers.push(answer);
      return answer.promise;
    },
  } as unknown as OperatorClient;
  return { clock, answers, lists: createJobLists(operator, [chainOf()], clock, 25) };
}

test('askers at the same moment share one question, and its answer serves for a moment more', async () => {
  const { clock, answers, lists } = setup();
  const both = [lists.list({ owner: USER }), lists.list({ owner: USER })];
  clock.advance(1000);
  const third = lists.list({ owner: USER });
  answers[0]?.resolve([]);
  await Promise.all([...both, third]);
  await lists.list({ owner: USER });
  expect(answers).toHaveLength(1);
  clock.advance(25);
  void lists.list({ owner: USER });
  expect(answers).toHaveLength(2);
});

test('other jobs and other owners are other questions', () => {
  const { answers, lists } = setup();
  void lists.list({ owner: USER });
  void lists.list({ owner: USER, jobId: 'a' });
  void lists.list({ owner: `${USER.slice(0, -1)}0` });
  expect(answers).toHaveLength(3);
});

test('what has changed is asked for anew, and a failure is not kept', async () => {
  const { answers, lists } = setup();
  const before = lists.list({ owner: USER });
  lists.forget(USER.toLowerCase());
  const after = lists.list({ owner: USER });
  expect(answers).toHaveLength(2);
  answers[0]?.resolve([]);
  answers[1]?.reject(new Error('down'));
  await before;
  await expect(after).rejects.toThrow('down');
  void lists.list({ owner: USER });
  expect(answers).toHaveLength(3);
});
