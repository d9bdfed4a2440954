import { equalJson, isObject, objectAt, valueAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { FieldCause } from '../schema-face.ts';
import { duplicate, forbiddenField, invalidValue } from './metadata.ts';
import type { KindStrategy } from './kind-strategy.ts';

const MOST_BYTES = 1024 * 1024;
const KEY = /^[-._a-zA-Z0-9]+$/;
const KEY_MESSAGE =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/** ConfigMap and Secret: keys, sizes, and `immutable`, which cannot be taken back. */
export const configMapStrategy: KindStrategy = {
  validate: (object) => [
    ...validateKeys(object, 'data'),
    ...validateKeys(object, 'binaryData'),
    ...Object.keys(objectAt(object, 'binaryData'))
      .filter((key) => key in objectAt(object, 'data'))
      .map((key) => duplicate(`data[${key}]`, key)),
    ...validateSize(object, ['data', 'binaryData']),
  ],
  validateUpdate: (object, previous) => validateImmutable(object, previous, ['data', 'binaryData']),
};

export const secretStrategy: KindStrategy = {
  prepareCreate: (object) => takeStringData(object),
  prepareUpdate: (object) => takeStringData(object),
  validate: (object) => [
    ...validateKeys(object, 'data'),
    ...Object.entries(objectAt(object, 'data'))
      .filter(([, value]) => typeof value === 'string' && !isBase64(value))
      .map(([key, value]) => invalidValue(`data[${key}]`, value, 'illegal base64 data')),
    ...validateSize(object, ['data']),
  ],
  validateUpdate: (object, previous) => [
    ...(valueAt(object, 'type') === valueAt(previous, 'type')
      ? []
      : [invalidValue('type', valueAt(object, 'type'), 'field is immutable')]),
    ...validateImmutable(object, previous, ['data']),
  ],
};

/** `stringData` is for writing only: it is merged into `data` and never read back. */
function takeStringData(object: KubeObject): void {
  object['type'] ??= 'Opaque';
  const text = object['stringData'];
  delete object['stringData'];
  if (!isObject(text)) return;
  const encoded = Object.entries(text).map(([key, value]) => [key, Buffer.from(String(value)).toString('base64')]);
  object['data'] = { ...objectAt(object, 'data'), ...(Object.fromEntries(encoded) as Record<string, string>) };
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function validateKeys(object: KubeObject, field: string): FieldCause[] {
  return Object.keys(objectAt(object, field))
    .filter((key) => !KEY.test(key) || key.length > 253 || key === '.' || key === '..')
    .map((key) => invalidValue(`${field}[${key}]`, key, KEY_MESSAGE));
}

function validateSize(object: KubeObject, fields: readonly string[]): FieldCause[] {
  let bytes = 0;
  for (const field of fields)
    for (const [key, value] of Object.entries(objectAt(object, field)))
      bytes += key.length + Buffer.byteLength(String(value));
  return bytes > MOST_BYTES
    ? [
        {
          reason: 'FieldValueTooLong',
          field: fields[0] ?? 'data',
          message: `Too long: may not be more than ${MOST_BYTES} bytes`,
        },
      ]
    : [];
}

function validateImmutable(object: KubeObject, previous: KubeObject, fields: readonly string[]): FieldCause[] {
  if (previous['immutable'] !== true) return [];
  const causes: FieldCause[] = [];
  if (object['immutable'] !== true)
    causes.push(forbiddenField('immutable', 'field is immutable when `immutable` is set'));
  for (const field of fields) {
    if (!equalJson(objectAt(object, field), objectAt(previous, field)))
      causes.push(forbiddenField(field, 'field is immutable when `immutable` is set'));
  }
  return causes;
}
