import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import type { KubeObject } from '../kube-object.ts';
import type { FieldCause, KindName } from '../schema-face.ts';
import { builtInSchemas } from './built-in-schemas.ts';

type Json = Record<string, unknown>;

/** What a real API server was sent and what it answered; written by scripts/generate-kubernetes-schema.ts. */
interface Vector {
  readonly name: string;
  readonly resource: string;
  readonly old?: KubeObject;
  readonly sent: KubeObject;
  readonly code: number;
  readonly answer: Json;
}

const FOLDER = path.join(import.meta.dirname, 'generated/vectors');
const VECTORS = readdirSync(FOLDER).flatMap(
  (file) => JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Vector[],
);

function kindOf(object: KubeObject): KindName {
  const [group, version] = object.apiVersion?.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion];
  return { group: group ?? '', version: version ?? '', kind: object.kind ?? '' };
}

/** Decoded, pruned, with defaults, in its namespace: what is validated and answered. */
function admitted(vector: Vector): KubeObject {
  const object = structuredClone(vector.sent);
  object.metadata ??= {};
  const kind = kindOf(object);
  builtInSchemas.prune(kind, object);
  builtInSchemas.applyDefaults(kind, object);
  if (builtInSchemas.kinds.some((info) => info.kind === kind.kind && info.namespaced))
    object.metadata.namespace ??= 'vectors';
  return object;
}

/** Takes away what strategies, admission and controllers set, so that what the schemas set remains. */
function withoutAdmission(object: Json): Json {
  const { metadata, status: _status, ...rest } = structuredClone(object);
  const kept = { ...(metadata as Json) };
  for (const field of ['generation', 'finalizers', 'namespace']) delete kept[field];
  const spec = { ...(rest['spec'] as Json | undefined) };
  if (object['kind'] === 'Pod') {
    for (const field of ['serviceAccount', 'serviceAccountName', 'priority', 'preemptionPolicy']) delete spec[field];
    spec['tolerations'] = ((spec['tolerations'] ?? []) as Json[]).filter(
      (entry) => !String(entry['key']).startsWith('node.kubernetes.io/'),
    );
  }
  if (object['kind'] === 'Node')
    spec['taints'] = ((spec['taints'] ?? []) as Json[]).filter((entry) => !String(entry['key']).startsWith('node.'));
  if (object['kind'] === 'Namespace') {
    spec['finalizers'] = ((spec['finalizers'] ?? []) as string[]).filter((entry) => entry !== 'kubernetes');
  }
  return { ...rest, metadata: kept, ...(rest['spec'] === undefined ? {} : { spec }) };
}

/** Differs from kube-apiserver: the listing of changed lines, in its internal type's names, is left out. */
function withoutListing(message: string): string {
  return message.split('\n@@')[0] ?? message;
}

/** The server repeats a cause when several of its layers look at a field. */
function withoutRepeats<T>(causes: readonly T[]): T[] {
  const seen = new Map(causes.map((cause) => [JSON.stringify(cause), cause]));
  return [...seen.values()];
}

function causesOf(vector: Vector): unknown[] {
  const object = admitted(vector);
  const kind = kindOf(object);
  const isReview = vector.resource.includes('reviews.');
  return [
    ...(isReview ? [] : builtInSchemas.validateMetadata(kind, object.metadata)),
    ...(vector.old ? builtInSchemas.validate(kind, object) : builtInSchemas.validateNew(kind, object)),
    ...(vector.old ? builtInSchemas.validateUpdate(kind, object, vector.old) : []),
  ];
}

function decodeErrorOf(vector: Vector): string {
  const { unknownFields, typeError } = builtInSchemas.decode(kindOf(vector.sent), vector.sent);
  const strict = `strict decoding error: ${unknownFields.map((field) => `unknown field "${field}"`).join(', ')}`;
  const { kind, version } = kindOf(vector.sent);
  return `${kind} in version "${version}" cannot be handled as a ${kind}: ${typeError ?? strict}`;
}

/** Vectors with one of these codes, named by resource and case. */
function withCode(...codes: readonly number[]): [string, Vector][] {
  const chosen = VECTORS.filter((vector) => codes.includes(vector.code) && !vector.resource.startsWith('tokenreviews'));
  return chosen.map((vector) => [`${vector.resource}: ${vector.name}`, vector]);
}

// Codes 403 and 500 are refusals by admission and authorization, which the schemas know nothing of.
describe('as a real API server', () => {
  it.each(withCode(400))('does not decode %s', (_name, vector) => {
    expect(decodeErrorOf(vector)).toBe(vector.answer['message']);
  });

  it.each(withCode(422))('finds invalid %s', (_name, vector) => {
    const { causes } = vector.answer['details'] as { causes: FieldCause[] };
    const real = causes.map(({ reason, message, field }) => ({ reason, message: withoutListing(message), field }));
    expect(builtInSchemas.decode(kindOf(vector.sent), vector.sent)).toEqual({
      unknownFields: [],
      typeError: undefined,
    });
    expect(withoutRepeats(causesOf(vector))).toEqual(withoutRepeats(real));
  });

  it.each(withCode(200, 201))('accepts and completes %s', (_name, vector) => {
    expect(builtInSchemas.decode(kindOf(vector.sent), vector.sent)).toEqual({
      unknownFields: [],
      typeError: undefined,
    });
    expect(causesOf(vector)).toEqual([]);
    expect(withoutAdmission(admitted(vector))).toEqual(withoutAdmission(vector.answer));
  });
});
