import type { Asset } from './asset.ts';
import { isRecord, onlyEntry, unsupported, valuesAt } from './clause.ts';

interface Terms {
  readonly doc_count_error_upper_bound: 0;
  /** Assets in buckets that `size` leaves out. */
  readonly sum_other_doc_count: number;
  readonly buckets: readonly { readonly key: unknown; readonly doc_count: number }[];
}

export type Aggregation = Terms | { readonly value: number | null };

/** Of the values of a field: the metrics that Ocean clients ask for. */
const METRICS: ReadonlyMap<string, (values: readonly unknown[]) => number | null> = new Map([
  ['value_count', (values) => values.length],
  ['cardinality', (values) => new Set(values).size],
  ['sum', (values) => numbers(values).reduce((sum, value) => sum + value, 0)],
  ['min', (values) => extreme(values, Math.min)],
  ['max', (values) => extreme(values, Math.max)],
]);

const MAX_BUCKETS = 1000;

/** The part of Elasticsearch's aggregations that Ocean clients send. @throws WavetankError SEARCH_UNSUPPORTED (usage) */
export function aggregate(assets: readonly Asset[], wanted: unknown): Record<string, Aggregation> {
  if (!isRecord(wanted)) throw unsupported('aggs that are no object');
  return Object.fromEntries(Object.entries(wanted).map(([name, one]) => [name, aggregateOne(assets, one)]));
}

function aggregateOne(assets: readonly Asset[], wanted: unknown): Aggregation {
  const [kind, body] = onlyEntry(wanted, 'aggregation');
  const { field, ...rest } = isRecord(body) ? body : {};
  const strange = Object.keys(rest).find((key) => kind !== 'terms' || key !== 'size');
  if (strange !== undefined || typeof field !== 'string') throw unsupported(`${kind} with ${strange ?? 'no field'}`);
  if (kind === 'terms') return terms(assets, field, Number(rest['size'] ?? 10));
  const metric = METRICS.get(kind);
  if (metric === undefined) throw unsupported(`the aggregation ${kind}`);
  return { value: metric(assets.flatMap((asset) => valuesAt(asset, field))) };
}

/** An asset that has a value twice counts once. The fullest bucket comes first, of two alike the one with the lesser key. */
function terms(assets: readonly Asset[], field: string, size: number): Terms {
  const counts = new Map<unknown, number>();
  for (const asset of assets) {
    for (const value of new Set(valuesAt(asset, field))) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const all = [...counts]
    .map(([key, doc_count]) => ({ key, doc_count }))
    .toSorted((a, b) => b.doc_count - a.doc_count || (String(a.key) < String(b.key) ? -1 : 1));
  const isSize = Number.isSafeInteger(size) && size > 0;
  if (!isSize) throw unsupported(`terms of size ${size}`);
  const buckets = all.slice(0, Math.min(size, MAX_BUCKETS));
  const left = all.slice(buckets.length).reduce((sum, { doc_count }) => sum + doc_count, 0);
  return { doc_count_error_upper_bound: 0, sum_other_doc_count: left, buckets };
}

function numbers(values: readonly unknown[]): number[] {
  return values.filter((value) => typeof value === 'number');
}

function extreme(values: readonly unknown[], of: (...values: number[]) => number): number | null {
  const all = numbers(values);
  return all.length === 0 ? null : of(...all);
}
