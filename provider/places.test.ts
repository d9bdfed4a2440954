import { expect, test } from 'vitest';
import { Places } from './places.ts';

test('so many at once, so many in the queue, and the next is told at once', async () => {
  const places = new Places(2, 1);
  const order: string[] = [];
  const first = await places.take();
  const second = await places.take();
  const third = places.take()?.then((leave) => (order.push('third'), leave));
  expect(places.take()).toBeUndefined();
  first?.();
  first?.();
  const leaveThird = await third;
  expect(order).toEqual(['third']);
  const fourth = places.take();
  expect(places.take()).toBeUndefined();
  second?.();
  const leaveFourth = await fourth;
  leaveThird?.();
  leaveFourth?.();
  expect(await Promise.all([places.take(), places.take()])).toHaveLength(2);
  expect(places.take()).toBeDefined();
});
