import { expect, test } from 'vitest';
import { checkContainer } from './container.ts';

const container = { entrypoint: 'node $ALGO', image: 'node', tag: '24', checksum: `sha256:${'ab'.repeat(32)}` };

test.each([
  ['complete', container, undefined],
  ['no entrypoint', { ...container, entrypoint: '' }, 'missing_entrypoint_image_checksum'],
  ['no image', { ...container, image: undefined }, 'missing_entrypoint_image_checksum'],
  ['no checksum', { ...container, checksum: undefined }, 'missing_entrypoint_image_checksum'],
  ['nothing', undefined, 'missing_entrypoint_image_checksum'],
  ['a checksum without prefix', { ...container, checksum: 'ab'.repeat(32) }, 'checksum_prefix'],
  ['half a digest', { ...container, checksum: 'sha256:abab' }, 'checksum_prefix'],
])('a container section: %s', (_name, value, classic) => {
  const checked = checkContainer(value, 'algorithm.container');
  expect(checked).toMatchObject(
    classic ? { ok: false, reason: { classic, field: 'algorithm.container' } } : { ok: true, value: container },
  );
});
