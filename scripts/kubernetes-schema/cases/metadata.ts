import type { Sample } from '../samples.ts';
import type { Json } from '../schema-walk.ts';

function configMap(name: string, metadata: Json, rest: Json = {}): Sample {
  return { resource: 'configmaps', name, object: { metadata: { name: 'a', ...metadata }, ...rest } };
}

const OWNER = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };

/** Names, labels, annotations, finalizers and owner references; and what the decoder refuses. */
export const BAD_METADATA_CASES: readonly Sample[] = [
  configMap('no name', { name: '' }),
  configMap('name in capitals', { name: 'A_b' }),
  configMap('name too long', { name: 'a'.repeat(254) }),
  configMap('name ends in a dot', { name: 'a.' }),
  configMap('generateName in capitals', { generateName: 'A_' }),
  configMap('label key with a space', { labels: { 'a b': 'c' } }),
  configMap('label prefix in capitals', { labels: { 'Example.com/a': 'c' } }),
  configMap('label key with an empty prefix', { labels: { '/a': 'c' } }),
  configMap('label key without a name', { labels: { 'example.com/': 'c' } }),
  configMap('label key with two slashes', { labels: { 'a/b/c': 'c' } }),
  configMap('label key too long', { labels: { ['a'.repeat(64)]: 'c' } }),
  configMap('label value with a space', { labels: { a: 'b c' } }),
  configMap('label value too long', { labels: { a: 'b'.repeat(64) } }),
  configMap('annotation key with a space', { annotations: { 'a b': 'c' } }),
  configMap('annotation key in capitals', { annotations: { 'Example.com/A': 'c' } }),
  configMap('finalizer without a domain', { finalizers: ['a'] }),
  configMap('finalizer with a space', { finalizers: ['example.com/a b'] }),
  configMap('finalizer with a domain', { finalizers: ['example.com/a'] }),
  configMap('owner', { ownerReferences: [OWNER] }),
  configMap('owner without anything', { ownerReferences: [{}] }),
  configMap('two controllers', {
    ownerReferences: [
      { ...OWNER, controller: true },
      { ...OWNER, name: 'q', uid: 'v', controller: true },
    ],
  }),
  configMap('owner that is an event', { ownerReferences: [{ ...OWNER, kind: 'Event' }] }),
  configMap('unknown fields', { unknown: 1 }, { other: 2 }),
  configMap('labels of a wrong type', { labels: 'a' }),
  configMap('label value of a wrong type', { labels: { a: 1 } }),
  configMap('creation time that is none', { creationTimestamp: 'yesterday' }),
  configMap('deletion time of a wrong type', { deletionTimestamp: 5 }),
  configMap('deletion time with a wrong month', { deletionTimestamp: '2026-13-02T03:04:05Z' }),
  configMap('deletion time without a zone', { deletionTimestamp: '2026-12-02T03:04:05' }),
  configMap('deletion time with more text', { deletionTimestamp: '2026-12-02T03:04:05Zx' }),
  configMap('metadata of a wrong type', {}, { metadata: 5 }),
  configMap('data of a wrong type', {}, { data: { a: 5 } }),
  configMap('data that is a list', {}, { data: [] }),
  configMap('binary data that is no base64', {}, { binaryData: { a: 'b!' } }),
  configMap('binary data cut short', {}, { binaryData: { a: 'abcde' } }),
  configMap('binary data without padding', {}, { binaryData: { a: 'YWI' } }),
  configMap('data key with a slash', {}, { data: { 'a/b': 'c' } }),
  configMap('data key that is empty', {}, { data: { '': 'c' } }),
  configMap('data key .', {}, { data: { '.': 'c' } }),
  configMap('data key ..', {}, { data: { '..': 'c' } }),
  configMap('data key ..a', {}, { data: { '..a': 'c' } }),
  configMap('data key too long', {}, { data: { ['a'.repeat(254)]: 'c' } }),
  configMap('the same key twice', {}, { data: { a: 'b' }, binaryData: { a: 'AAEC' } }),
  configMap('nulls', { labels: null, annotations: { a: null } }, { data: null, immutable: null }),
  configMap('empty maps', { labels: {}, annotations: {}, finalizers: [] }, { data: {}, binaryData: {} }),
];
