import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { WavetankError } from '../../core/errors.ts';
import type { ApiClient } from './api-client.ts';
import { CREATE_CASES } from './create-cases.ts';
import type { KindEntry } from './discovery.ts';
import { resourceName } from './measure.ts';
import { NAMESPACE, SAMPLES } from './samples.ts';
import type { Json } from './schema-walk.ts';
import { collectionPath } from './schema-walk.ts';
import { UPDATE_CASES } from './update-cases.ts';

const MOST_ATTEMPTS = 10;

export interface Vector {
  readonly name: string;
  readonly resource: string;
  /** Of an update: what the server held. */
  readonly old?: Json;
  readonly sent: Json;
  readonly code: number;
  /** The object that was answered, or the Status without what every Status has. */
  readonly answer: Json;
}

/** Writes the answers to all cases down, one file per resource. */
export async function writeVectors(api: ApiClient, kinds: readonly KindEntry[], folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const vectors = await readVectors(api, kinds);
  for (const resource of new Set(vectors.map((vector) => vector.resource))) {
    const own = vectors.filter((vector) => vector.resource === resource);
    await writeFile(
      path.join(folder, `${resource}.json`),
      `[\n${own.map((vector) => JSON.stringify(vector)).join(',\n')}\n]\n`,
    );
  }
}

/** Runs work with the namespace that the cases name, and is done when the namespace is gone again. */
export async function inNamespace(api: ApiClient, work: () => Promise<void>): Promise<void> {
  const made = await api.send('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  if (made.code !== 201) {
    throw new WavetankError('NAMESPACE_REFUSED', `namespace ${NAMESPACE}: ${String(made.body['message'])}`, {
      category: 'environment',
    });
  }
  // Pods are refused until the namespace's own service account is there.
  await api.send('POST', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, { metadata: { name: 'default' } });
  try {
    await work();
  } finally {
    const { body } = await api.send('DELETE', `/api/v1/namespaces/${NAMESPACE}`);
    await api.untilDeleted(
      '/api/v1/namespaces',
      NAMESPACE,
      String((body['metadata'] as Json | undefined)?.['resourceVersion'] ?? ''),
    );
  }
}

/** Sends every case with dryRun=All and strict field validation. */
export async function readVectors(api: ApiClient, kinds: readonly KindEntry[]): Promise<Vector[]> {
  return [...(await createVectors(api, kinds)), ...(await updateVectors(api, kinds))];
}

async function createVectors(api: ApiClient, kinds: readonly KindEntry[]): Promise<Vector[]> {
  const vectors: Vector[] = [];
  for (const { resource, name, object } of [...SAMPLES, ...CREATE_CASES]) {
    const kind = kindOf(kinds, resource);
    const sent = { apiVersion: kind.groupVersion, kind: kind.kind, ...object };
    const answer = await api.send('POST', `${collectionPath(kind, NAMESPACE)}?dryRun=All&fieldValidation=Strict`, sent);
    vectors.push({ name, resource, sent, code: answer.code, answer: withoutCircumstance(answer.body) });
  }
  return vectors;
}

async function updateVectors(api: ApiClient, kinds: readonly KindEntry[]): Promise<Vector[]> {
  const vectors: Vector[] = [];
  for (const { resource, object, changes } of UPDATE_CASES) {
    const kind = kindOf(kinds, resource);
    const collection = collectionPath(kind, NAMESPACE);
    const created = await api.send('POST', collection, { apiVersion: kind.groupVersion, kind: kind.kind, ...object });
    if (created.code !== 201) {
      throw new WavetankError(
        'SAMPLE_REFUSED',
        `an object to update of ${resource}: ${String(created.body['message'])}`,
      );
    }
    const itemPath = `${collection}/${String((created.body['metadata'] as Json)['name'])}`;
    for (const { name, change } of changes)
      vectors.push({ name, resource, ...(await updateVector(api, itemPath, change)) });
    await api.send('DELETE', itemPath, { gracePeriodSeconds: 0 });
  }
  return vectors;
}

/** Sent again when a controller changed the object in between: the answer must be about the change alone. */
async function updateVector(
  api: ApiClient,
  path: string,
  change: (object: Json) => Json,
): Promise<Omit<Vector, 'name' | 'resource'>> {
  for (let attempt = 1; ; attempt++) {
    const old = (await api.send('GET', path)).body;
    const sent = change(structuredClone(old));
    const { code, body } = await api.send('PUT', `${path}?dryRun=All&fieldValidation=Strict`, sent);
    if (code === 409 && attempt < MOST_ATTEMPTS) continue;
    return { old: withoutStatus(old), sent: withoutStatus(sent), code, answer: withoutStatus(body) };
  }
}

export function kindOf(kinds: readonly KindEntry[], resource: string): KindEntry {
  const kind = kinds.find((entry) => resourceName(entry) === resource);
  if (!kind) throw new WavetankError('KIND_NOT_SERVED', `no kind ${resource} in kinds.json`, { category: 'usage' });
  return kind;
}

/** Of an object that lives while it is updated: controllers write its status meanwhile. */
function withoutStatus(body: Json): Json {
  const { status, ...rest } = withoutCircumstance(body);
  return body['kind'] === 'Status' || status === undefined ? withoutCircumstance(body) : rest;
}

/** Drops what differs from run to run: ids, times, versions; of a Status what every Status of its reason has. */
export function withoutCircumstance(body: Json, sentConditions = false): Json {
  if (body['kind'] === 'Status') {
    const { message, reason, details } = body;
    return { reason, message, ...(details === undefined ? {} : { details }) };
  }
  const { metadata, ...rest } = body;
  const status = rest['status'] as Json | undefined;
  // Times of controllers; the scheduler tells of a gated pod before the answer leaves the server.
  if (status?.['lastPhaseTransitionTime'] !== undefined) delete status['lastPhaseTransitionTime'];
  if (body['kind'] === 'Pod' && !sentConditions) delete status?.['conditions'];
  const kept = { ...(metadata as Json | undefined) };
  for (const field of ['uid', 'resourceVersion', 'creationTimestamp', 'managedFields']) delete kept[field];
  return { ...rest, metadata: kept };
}
