import { readFileSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from 'vitest';

import { VirtualClock } from '../../../../core/virtual-clock.ts';
import type { KubeObject } from '../kube-object.ts';
import { ResourceTable, splitApiVersion } from '../resource-table.ts';
import { tableOf } from '../table/table.ts';
import { builtInSchemas } from './built-in-schemas.ts';

/** What a real API server printed of an object; written by scripts/generate-kubernetes-schema.ts. */
interface TableVector {
  readonly name: string;
  readonly resource: string;
  readonly object: KubeObject;
  readonly cells: readonly unknown[];
}

const FILE = path.join(import.meta.dirname, 'generated/tables.json');
const VECTORS = JSON.parse(readFileSync(FILE, 'utf8')) as TableVector[];
const RESOURCES = new ResourceTable(builtInSchemas);
const AGES = new Set(['Age', 'Created At', 'Last Seen', 'First Seen']);

function cellsOf(object: KubeObject): unknown[] {
  const { group, version } = splitApiVersion(object.apiVersion ?? '');
  const served = RESOURCES.byKind(object.apiVersion ?? '', object.kind ?? '');
  if (!served) throw new Error(`no resource for ${object.kind} in ${group}/${version}`);
  const options = { clock: new VirtualClock(), schema: builtInSchemas, includeObject: 'None' };
  const table = tableOf(served, [object], {}, options) as {
    columnDefinitions: { name: string }[];
    rows: { cells: unknown[] }[];
  };
  return (table.rows[0]?.cells ?? []).map((cell, index) => {
    if (AGES.has(table.columnDefinitions[index]?.name ?? '')) return null;
    return typeof cell === 'string' ? cell.replace(/\(.* ago\)/, '(… ago)') : cell;
  });
}

describe('a Table', () => {
  it.each(VECTORS.map((vector) => [`${vector.resource}: ${vector.name}`, vector] as const))(
    'prints what a real API server prints of %s',
    (_name, { object, cells }) => {
      expect(cellsOf(object)).toEqual(cells);
    },
  );
});
