import { expect, test } from 'vitest';
import { spellingsOf } from './keys.ts';

test.each([
  ['jobs/j/outputs/a.csv', ['jobs/j/outputs/a.csv']],
  ['it&#39;s.csv', ['it&#39;s.csv', "it's.csv"]],
  ['&#x22;odd&#34;', ['&#x22;odd&#34;', '"odd"']],
  ['&#9999999;', ['&#9999999;']],
])('the listed key %s may be %j', (listed, spellings) => {
  expect(spellingsOf(listed)).toEqual(spellings);
});
