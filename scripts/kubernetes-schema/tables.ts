import { WavetankError } from '../../core/errors.ts';
import type { ApiClient } from './api-client.ts';
import { PRINTED_PODS, TABLE_CASES } from './cases/tables.ts';
import type { KindEntry } from './discovery.ts';
import type { WrittenStatus } from './measure.ts';
import { NAMESPACE } from './samples.ts';
import type { Json } from './schema-walk.ts';
import { collectionPath } from './schema-walk.ts';
import { kindOf, withoutCircumstance } from './vectors.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/** An object and the cells of its row in `kubectl get`; ages, which depend on the moment, are null. */
export interface TableVector {
  readonly name: string;
  readonly resource: string;
  readonly object: Json;
  readonly cells: readonly unknown[];
}

/** The pods among them whose status was written. */
export function writtenStatuses(kinds: readonly KindEntry[], vectors: readonly TableVector[]): WrittenStatus[] {
  return TABLE_CASES.flatMap(({ resource, status }, index) => {
    const answered = vectors[index]?.object;
    return status === undefined || !answered ? [] : [{ kind: kindOf(kinds, resource), sent: { status }, answered }];
  });
}

/** Rows of objects that are sent with dryRun=All: the server prints those too. */
export async function readTables(api: ApiClient, kinds: readonly KindEntry[]): Promise<TableVector[]> {
  const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
  for (const pod of Object.values(PRINTED_PODS)) await sendSound(api, { method: 'POST', path: pods, body: pod });
  const vectors: TableVector[] = [];
  for (const { name, resource, object, status } of TABLE_CASES) {
    const kind = kindOf(kinds, resource);
    const path = collectionPath(kind, NAMESPACE);
    const request: Request =
      status === undefined
        ? {
            method: 'POST',
            path: `${path}?dryRun=All`,
            body: { apiVersion: kind.groupVersion, kind: kind.kind, ...object },
          }
        : await statusUpdate(api, `${path}/${String((object['metadata'] as Json)['name'])}`, status);
    const table = await sendSound(api, request, TABLE);
    vectors.push({
      name,
      resource,
      object: withoutCircumstance(await sendSound(api, request), true),
      cells: cellsOf(table),
    });
  }
  for (const name of Object.keys(PRINTED_PODS)) await api.send('DELETE', `${pods}/${name}`, { gracePeriodSeconds: 0 });
  return vectors;
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: Json;
}

/** Without a version the status is written whatever the scheduler has written meanwhile. */
async function statusUpdate(api: ApiClient, path: string, status: Json): Promise<Request> {
  const { body } = await api.send('GET', path);
  delete (body['metadata'] as Json)['resourceVersion'];
  return { method: 'PUT', path: `${path}/status?dryRun=All`, body: { ...body, status } };
}

async function sendSound(api: ApiClient, { method, path, body }: Request, accept?: string): Promise<Json> {
  const answer = await api.send(method, path, body, accept === undefined ? {} : { accept });
  if (answer.code < 300) return answer.body;
  throw new WavetankError('SAMPLE_REFUSED', `${method} ${path}: ${String(answer.body['message'])}`);
}

/** Ages depend on the moment. */
const AGES = new Set(['Age', 'Created At', 'Last Seen', 'First Seen']);

function cellsOf(table: Json): readonly unknown[] {
  const columns = table['columnDefinitions'] as { name: string }[];
  const [row] = table['rows'] as { cells: unknown[] }[];
  return (row?.cells ?? []).map((cell, index) => {
    if (AGES.has(columns[index]?.name ?? '')) return null;
    return typeof cell === 'string' ? cell.replace(/\(.* ago\)/, '(… ago)') : cell;
  });
}
