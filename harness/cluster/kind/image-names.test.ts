import { expect, test } from 'vitest';
import { canonicalImage } from './image-names.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

test.each([
  ['node', 'docker.io/library/node:latest'],
  ['node:24', 'docker.io/library/node:24'],
  ['wavetank/pods:1', 'docker.io/wavetank/pods:1'],
  ['quay.io/minio/minio:RELEASE.2026', 'quay.io/minio/minio:RELEASE.2026'],
  ['localhost:5000/a/b', 'localhost:5000/a/b:latest'],
  ['localhost/a', 'localhost/a:latest'],
  [`node@${DIGEST}`, `docker.io/library/node@${DIGEST}`],
  [`node:24@${DIGEST}`, `docker.io/library/node@${DIGEST}`],
])('%s is %s', (name, canonical) => {
  expect(canonicalImage(name)).toBe(canonical);
});

test.each(['', 'Node', 'a b', 'node:', 'node@sha256:12', '../x'])('%j is no name', (name) => {
  expect(() => canonicalImage(name)).toThrow(
    expect.objectContaining({ code: 'IMAGE_NAME_INVALID', category: 'usage' }),
  );
});
