import { definitionResource } from './probe-definition.ts';
import type { Dice } from '../dice.ts';
import type { FuzzKind } from './kinds.ts';
import type { Body } from './step.ts';
import { collectionOf, nameOf } from './kinds.ts';
import type { Draft } from './request-parts.ts';
import { LETTERS, withMetadata } from './request-parts.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

/** Requests that are wrong as requests: method, path, media type, or a body that is no object. */
export function brokenStep(dice: Dice, kind: FuzzKind): Draft {
  // A definition of nothing has more faults than can be told in one order.
  if (kind.resource === definitionResource) return { method: 'OPTIONS', path: collectionOf(kind), headers: {} };
  const collection = collectionOf(kind);
  const item = `${collection}/${nameOf(kind, dice.pick(LETTERS))}`;
  const sample = withMetadata(dice.pick(kind.samples), { name: nameOf(kind, 'c') });
  const text = (body: string): Body => ({ form: 'text', text: body });
  const object = (encoding: 'json' | 'yaml'): Body => ({ form: 'object', value: sample, edits: [], encoding });
  const group = kind.group === '' ? '/api/v1' : `/apis/${kind.group}/${kind.version}`;
  const dry = '?dryRun=All';
  return dice.pick<Draft>([
    { method: 'POST', path: collection + dry, headers: JSON_TYPE, body: text('') },
    { method: 'POST', path: collection + dry, headers: JSON_TYPE, body: text('[]') },
    { method: 'POST', path: collection + dry, headers: JSON_TYPE, body: text('"text"') },
    { method: 'POST', path: collection + dry, headers: JSON_TYPE, body: text('null') },
    { method: 'POST', path: collection + dry, headers: JSON_TYPE, body: text('{}') },
    { method: 'POST', path: collection + dry, headers: { 'content-type': 'text/plain' }, body: object('json') },
    { method: 'POST', path: collection + dry, headers: { 'content-type': 'application/yaml' }, body: object('yaml') },
    { method: 'POST', path: collection + dry, headers: JSON_TYPE, body: object('json') },
    { method: 'POST', path: item, headers: JSON_TYPE, body: object('json') },
    { method: 'PUT', path: collection, headers: JSON_TYPE, body: object('json') },
    { method: 'PUT', path: item + dry, headers: JSON_TYPE, body: text('{}') },
    {
      method: 'PUT',
      path: item + dry,
      headers: { 'content-type': 'application/merge-patch+json' },
      body: object('json'),
    },
    {
      method: 'PATCH',
      path: collection,
      headers: { 'content-type': 'application/merge-patch+json' },
      body: text('{}'),
    },
    { method: 'PATCH', path: item, headers: { 'content-type': 'application/merge-patch+json' }, body: text('{}') },
    { method: 'PATCH', path: item, headers: { 'content-type': 'application/merge-patch+json' }, body: text('[]') },
    { method: 'PATCH', path: item, headers: { 'content-type': 'application/json-patch+json' }, body: text('{}') },
    { method: 'PATCH', path: item, headers: { 'content-type': 'application/json-patch+json' }, body: text('[]') },
    {
      method: 'PATCH',
      path: item,
      headers: { 'content-type': 'application/json-patch+json' },
      body: text('[{"op":"wrong","path":"/a"}]'),
    },
    {
      method: 'PATCH',
      path: item,
      headers: { 'content-type': 'application/json-patch+json' },
      body: text('[{"op":"add","value":1}]'),
    },
    { method: 'PATCH', path: item, headers: JSON_TYPE, body: text('{}') },
    { method: 'PATCH', path: item, headers: { 'content-type': 'text/plain' }, body: text('{}') },
    { method: 'PUT', path: `${item}/nothing`, headers: JSON_TYPE, body: object('json') },
    { method: 'GET', path: `${item}/nothing`, headers: {} },
    { method: 'GET', path: `${group}/nothings`, headers: {} },
    { method: 'GET', path: `${group}/namespaces/{ns}/nothings/a`, headers: {} },
    { method: 'GET', path: '/apis/nothing.example.com/v1/things', headers: {} },
    { method: 'GET', path: `${collection}?watch=x`, headers: { accept: 'text/html' } },
    { method: 'GET', path: '/nothing', headers: {} },
    { method: 'OPTIONS', path: collection, headers: {} },
  ]);
}
