import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { advertisedAddress } from './advertised-address.ts';
import { imagesFrom, nameAndTag } from './images.ts';
import type { StorageClass } from './storage-class.ts';
import { requireDeletingDefault } from './storage-class.ts';

const storageClass = (name: string, isDefault: boolean, reclaimPolicy: string): StorageClass => ({
  metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) } },
  reclaimPolicy,
});

test('the default storage class is to delete what was released', () => {
  const classes = [storageClass('kept', false, 'Retain'), storageClass('fast', true, 'Delete')];
  expect(requireDeletingDefault(classes).metadata.name).toBe('fast');
  expect(() => requireDeletingDefault([storageClass('fast', false, 'Delete')])).toThrow(
    expect.objectContaining({ code: 'STORAGE_CLASS_MISSING', hint: expect.stringContaining('fast') as string }),
  );
  expect(() => requireDeletingDefault([storageClass('fast', true, 'Retain')])).toThrow(
    expect.objectContaining({ code: 'STORAGE_CLASS_RETAINS' }),
  );
});

test('the cluster pulls its images itself: two can be others', () => {
  expect(imagesFrom([])).toEqual({ node: 'node:24-slim', pods: undefined, standIns: ['node:24=node:24-slim'] });
  const given = ['node:24=registry.example:5000/node:24', 'wavetank/pods=registry.example/pods:1'];
  expect(imagesFrom(given)).toEqual({
    node: 'registry.example:5000/node:24',
    pods: 'registry.example/pods:1',
    standIns: given,
  });
  expect(() => imagesFrom(['python:3=registry.example/python:3'])).toThrow(
    expect.objectContaining({ code: 'IMAGE_STAND_IN_UNUSABLE', category: 'usage' }),
  );
});

test.each([
  ['node:24-slim', { image: 'node', tag: '24-slim' }],
  ['registry.example:5000/node', { image: 'registry.example:5000/node', tag: 'latest' }],
  [`a/node:1@sha256:${'0'.repeat(64)}`, { image: 'a/node', tag: '1' }],
])('%s has a name and a tag', (reference, parts) => {
  expect(nameAndTag(reference)).toEqual(parts);
});

test('an advertised address is one of this machine, and not loopback', async (ctx) => {
  const own = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
  const refused = (advertise: string) =>
    expect(advertisedAddress(advertise, 'https://127.0.0.1:1')).rejects.toMatchObject({
      code: 'ADVERTISE_INVALID',
      category: 'usage',
    });
  await refused('127.0.0.1');
  await refused('203.0.113.7');
  if (own === undefined) return ctx.skip('this machine has no address besides loopback');
  expect(await advertisedAddress(own, 'https://127.0.0.1:1')).toBe(own);
  expect(await advertisedAddress(`https://${own}:8080/x`, 'https://127.0.0.1:1')).toBe(own);
});

test('nobody at the cluster is said at once', async () => {
  await expect(advertisedAddress(undefined, 'https://127.0.0.1:1')).rejects.toMatchObject({
    code: 'CLUSTER_UNREACHABLE',
    category: 'environment',
  });
});
