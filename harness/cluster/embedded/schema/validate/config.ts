import { isDeepStrictEqual } from 'node:util';

import type { KubeObject } from '../../kube-object.ts';
import { wasSentEmpty } from '../sent-empty.ts';
import type { Causes } from './field-causes.ts';
import { checkName, child, forbidden, invalid, required, text, tooLong } from './field-causes.ts';
import { configKey } from './names.ts';

const MOST_BYTES = 1024 * 1024;
const IS_FIXED = 'field is immutable when `immutable` is set';

export function validateConfigMap(map: KubeObject): Causes {
  const causes: Causes = [];
  const data = child(map, 'data') ?? {};
  const binary = child(map, 'binaryData') ?? {};
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    checkName(causes, `data[${key}]`, key, configKey);
    if (Object.hasOwn(binary, key)) causes.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    bytes += Buffer.byteLength(String(value));
  }
  for (const [key, value] of Object.entries(binary)) {
    checkName(causes, `binaryData[${key}]`, key, configKey);
    bytes += Buffer.byteLength(String(value), 'base64');
  }
  if (bytes > MOST_BYTES) causes.push(tooLong('', MOST_BYTES));
  return causes;
}

/** Keys that a secret of a well-known type must have. */
const KEYS_OF_TYPE: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

export function validateSecret(secret: KubeObject): Causes {
  const causes: Causes = [];
  const data = child(secret, 'data') ?? {};
  const type = text(secret, 'type');
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    checkName(causes, `data[${key}]`, key, configKey);
    bytes += Buffer.byteLength(String(value), 'base64');
  }
  if (bytes > MOST_BYTES) causes.push(tooLong('data', MOST_BYTES));
  if (
    type === 'kubernetes.io/service-account-token' &&
    !secret.metadata.annotations?.['kubernetes.io/service-account.name']
  ) {
    causes.push(required('metadata.annotations[kubernetes.io/service-account.name]'));
  }
  if (type === 'kubernetes.io/basic-auth' && data['username'] === undefined && data['password'] === undefined) {
    causes.push(required('data[username]'), required('data[password]'));
  }
  for (const key of KEYS_OF_TYPE[type] ?? []) {
    if (data[key] === undefined) causes.push(required(`data[${key}]`));
    else if (key.startsWith('.docker')) checkJson(causes, `data[${key}]`, String(data[key]));
  }
  return causes;
}

/** The message tells the first character, never the content. */
function checkJson(causes: Causes, field: string, encoded: string): void {
  const content = Buffer.from(encoded, 'base64').toString();
  try {
    JSON.parse(content);
  } catch {
    // Only that it is no JSON matters: what follows is the real server's sentence for it.
    const first = /\S/.exec(content)?.[0];
    const detail =
      first === undefined
        ? 'unexpected end of JSON input'
        : `invalid character '${first}' looking for beginning of value`;
    causes.push(invalid(field, '<secret contents redacted>', detail));
  }
}

/** Neither a fixed object's data nor its being fixed may change. */
export function validateFixedUpdate(object: KubeObject, previous: KubeObject): Causes {
  const causes: Causes = [];
  if (previous['immutable'] !== true) return causes;
  if (object['immutable'] !== true) causes.push(forbidden('immutable', IS_FIXED));
  for (const name of ['data', 'binaryData']) {
    if (!isDeepStrictEqual(object[name], previous[name]) || wasSentEmpty(object, name))
      causes.push(forbidden(name, IS_FIXED));
  }
  return causes;
}

export function validateSecretUpdate(secret: KubeObject, previous: KubeObject): Causes {
  const causes: Causes = [];
  if (secret['type'] !== previous['type']) causes.push(invalid('type', secret['type'], 'field is immutable'));
  return [...causes, ...validateFixedUpdate(secret, previous)];
}
