import { isObject } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { PrinterColumn } from '../resource-table.ts';
import type { TableColumn } from '../schema-face.ts';
import { ageOf } from './cell-text.ts';

const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: '',
  priority: 0,
};

export function customColumns(columns: readonly PrinterColumn[]): readonly TableColumn[] {
  const name = { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 };
  const own = (columns.length > 0 ? columns : [AGE]).map((column) => ({
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description: column.description ?? `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
    priority: column.priority ?? 0,
  }));
  return [name, ...own];
}

export function customCells(columns: readonly PrinterColumn[], object: KubeObject, now: number): readonly unknown[] {
  const cells = (columns.length > 0 ? columns : [AGE]).map((column) => {
    const values = readJsonPath(object, column.jsonPath);
    if (values.length === 0) return null;
    if (column.type === 'date') return ageOf(values[0], now);
    const [first] = values;
    if (values.length > 1) return JSON.stringify(values);
    return typeof first === 'object' ? JSON.stringify(first) : first;
  });
  return [object.metadata.name ?? '', ...cells];
}

/** The JSONPath that printer columns use: fields, indices, `[*]`, and `[?(@.a=="b")]`. */
export function readJsonPath(root: unknown, path: string): readonly unknown[] {
  const steps = path.matchAll(
    /\.([A-Za-z0-9_-]+)|\['([^']+)'\]|\[(\d+|\*)\]|\[\?\(@\.([A-Za-z0-9_.]+)\s*==\s*["']([^"']*)["']\)\]/g,
  );
  let values: unknown[] = [root];
  for (const [, field, quoted, index, filterField, filterValue] of steps) {
    const name = field ?? quoted;
    if (name !== undefined)
      values = values.flatMap((value) => (isObject(value) && value[name] != null ? [value[name]] : []));
    else if (index === '*') values = values.flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : []));
    else if (index !== undefined)
      values = values.flatMap((value) =>
        Array.isArray(value) && value.length > Number(index) ? [value[Number(index)] as unknown] : [],
      );
    else
      values = values.flatMap((value) =>
        Array.isArray(value)
          ? (value as unknown[]).filter((item) => isObject(item) && item[filterField ?? ''] === filterValue)
          : [],
      );
  }
  return values;
}
