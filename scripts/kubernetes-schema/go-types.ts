import type { FieldType } from '../../harness/cluster/embedded/schema/field-type.ts';
import { goTypeOf } from '../../harness/cluster/embedded/schema/field-type.ts';
import type { ApiClient } from './api-client.ts';
import type { KindEntry } from './discovery.ts';
import type { OpenApiParts } from './openapi.ts';
import type { Place } from './schema-walk.ts';
import { collectionPath, fieldsOf, objectWith, reachablePlaces, sortedByKey } from './schema-walk.ts';

const TYPE_ERROR = /cannot unmarshal \w+(?: \S+)? into Go (?:struct field \S+|value) of type (\S+)$/;

/**
 * How the server's decoder names the type of a field, and of the elements of a list or map, where that does not follow
 * from the schema. The names are in no document: they are read from the errors that values of the wrong type get.
 */
export async function probeGoTypes(
  api: ApiClient,
  parts: OpenApiParts,
  kinds: readonly KindEntry[],
): Promise<Record<string, Record<string, readonly string[]>>> {
  const types: Record<string, Record<string, readonly string[]>> = {};
  for (const place of reachablePlaces(parts, kinds)) {
    const fields = Object.entries(fieldsOf(parts, place.definition)).filter(
      ([name]) => place.steps.length > 0 || (name !== 'apiVersion' && name !== 'kind'),
    );
    const probed = await Promise.all(
      fields.map(async ([name, type]) => [name, await probeField(api, place, name, type)] as const),
    );
    const unusual = probed.filter(([, names]) => names.length > 0);
    if (unusual.length > 0) types[place.definition] = Object.fromEntries(unusual);
  }
  return sortedByKey(types);
}

async function probeField(api: ApiClient, place: Place, name: string, type: FieldType): Promise<string[]> {
  const outer = await readGoType(api, place, name, wrongFor(type));
  if (outer === undefined) return [];
  const element = type.element;
  const inner = element && (await readGoType(api, place, name, elementIn(type, wrongFor(element))));
  const names = inner === undefined ? [outer] : [outer, inner];
  const expected = [goTypeOf(type), ...(element ? [goTypeOf(element)] : [])];
  return names.every((found, index) => found === expected[index]) ? [] : names;
}

function wrongFor(type: FieldType): unknown {
  return type.form === 'boolean' ? 5 : true;
}

function elementIn(type: FieldType, value: unknown): unknown {
  return type.form === 'list' ? [value] : { key: value };
}

async function readGoType(api: ApiClient, place: Place, name: string, wrong: unknown): Promise<string | undefined> {
  const path = `${collectionPath(place.kind, 'default')}?dryRun=All`;
  const answer = await api.send('POST', path, objectWith(place, name, wrong));
  return answer.code === 400 ? TYPE_ERROR.exec(String(answer.body['message']))?.[1] : undefined;
}
