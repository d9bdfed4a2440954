import { WavetankError } from '../../core/errors.ts';
import type { Asset } from './asset.ts';

/** `{ kind: body }`, as each clause of a search is written. @throws WavetankError SEARCH_UNSUPPORTED (usage) */
export function onlyEntry(value: unknown, where: string): [string, unknown] {
  const entries = isRecord(value) ? Object.entries(value) : [];
  if (entries.length !== 1) throw unsupported(`${where} with ${entries.length} clauses`);
  return entries[0] as [string, unknown];
}

export function list(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** Every value at a dotted path, through arrays as Elasticsearch flattens them; `.keyword` only means "exact". */
export function valuesAt(asset: Asset, path: string): unknown[] {
  // Elasticsearch's own name for it, which clients use as often.
  if (path === '_id') return [asset.id];
  const steps = path.replace(/\.keyword$/, '').split('.');
  const found = steps.reduce<unknown[]>(
    (values, step) => values.flatMap((value) => (isRecord(value) && step in value ? [value[step]].flat() : [])),
    [asset],
  );
  return found.filter((value) => value !== undefined && value !== null);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function unsupported(what: string): WavetankError {
  return new WavetankError('SEARCH_UNSUPPORTED', `This metadata cache does not know ${what}.`, { category: 'usage' });
}
