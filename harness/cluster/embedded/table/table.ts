import { stringAt } from '../json.ts';
import type { Clock } from '../../../../core/clock.ts';
import type { KubeObject } from '../kube-object.ts';
import type { ServedResource } from '../resource-table.ts';
import type { SchemaFace, TableColumn } from '../schema-face.ts';
import { builtInCells } from './built-in-cells.ts';
import { ageOf } from './cell-text.ts';
import { customCells, customColumns } from './custom-cells.ts';

export interface TableOptions {
  readonly clock: Clock;
  readonly schema: SchemaFace;
  /** Metadata (the default), None or Object. */
  readonly includeObject: string;
}

/** What `kubectl get` prints: the server decides the columns. */
export function tableOf(
  served: ServedResource,
  objects: readonly KubeObject[],
  metadata: object,
  options: TableOptions,
): unknown {
  const now = options.clock.now();
  const printer = printerOf(served, options.schema);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: printer.columns,
    // Kinds without a printer of their own have none at all in an empty table.
    rows:
      objects.length === 0 && printer.columns[1]?.name === 'Created At'
        ? null
        : objects.map((object) => ({
            cells: printer.cells(object, now),
            ...conditionsOf(served, object),
            object: rowObject(object, options.includeObject),
          })),
  };
}

/** kubectl leaves completed pods out by it when asked to. */
function conditionsOf(served: ServedResource, object: KubeObject): { conditions?: readonly object[] } {
  const phase = served.key === '/pods' ? stringAt(object, 'status', 'phase') : undefined;
  const message = COMPLETED[phase ?? ''];
  return message === undefined ? {} : { conditions: [{ type: 'Completed', status: 'True', reason: phase, message }] };
}

const COMPLETED: Readonly<Record<string, string>> = {
  Succeeded: 'The pod has completed successfully.',
  Failed: 'The pod failed.',
};

interface Printer {
  readonly columns: readonly TableColumn[];
  cells(object: KubeObject, now: number): readonly unknown[];
}

function printerOf(served: ServedResource, schema: SchemaFace): Printer {
  const { custom } = served;
  if (custom)
    return { columns: customColumns(custom.columns), cells: (object, now) => customCells(custom.columns, object, now) };
  const columns = schema.columns(served);
  const cells = builtInCells(served.key);
  if (columns && cells)
    return { columns, cells: (object, now) => columns.map(({ name }) => cells[name]?.(object, now) ?? '<none>') };
  return {
    columns: customColumns([]),
    cells: (object, now) => [object.metadata.name ?? '', ageOf(object.metadata.creationTimestamp, now)],
  };
}

function rowObject(object: KubeObject, includeObject: string): unknown {
  if (includeObject === 'None') return null;
  if (includeObject === 'Object') return object;
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
