import { expect, test } from 'vitest';
import { pythonJson } from './rbac.ts';

/** Made with Python's `json.dumps`. */
test.each([
  [{ type: 'address', value: '0xAb' }, '{"type": "address", "value": "0xAb"}'],
  [
    [
      { did: 'did:op:1', serviceId: null },
      { did: 'x', serviceId: '2' },
    ],
    '[{"did": "did:op:1", "serviceId": null}, {"did": "x", "serviceId": "2"}]',
  ],
  [[], '[]'],
  [{}, '{}'],
  ['é\u{1f30a}"\\\n', '"\\u00e9\\ud83c\\udf0a\\"\\\\\\n"'],
  [[1, 1.5, true, false], '[1, 1.5, true, false]'],
])('what is signed is written as Python writes it: %j', (value, text) => {
  expect(pythonJson(value)).toBe(text);
});
