import { isDeepStrictEqual } from 'node:util';
import type { Aggregation } from './aggregations.ts';
import { aggregate } from './aggregations.ts';
import type { Asset } from './asset.ts';
import { isRecord, list, onlyEntry, unsupported, valuesAt } from './clause.ts';

type SortKeys = Readonly<Record<string, 'asc' | 'desc' | { order: 'asc' | 'desc' }>>;

/** The part of Elasticsearch's query language that Ocean clients send; anything else is refused by name. */
export interface SearchRequest {
  readonly query?: unknown;
  readonly from?: number;
  readonly size?: number;
  readonly sort?: SortKeys | readonly (SortKeys | string)[];
  readonly aggs?: unknown;
  /** Totals are always whole. */
  readonly track_total_hits?: unknown;
}

/** Of a request. */
export const KNOWN_FIELDS = new Set(['query', 'from', 'size', 'sort', 'aggs', 'track_total_hits']);

export interface SearchResult {
  readonly took: number;
  readonly timed_out: false;
  readonly hits: {
    readonly total: { readonly value: number; readonly relation: 'eq' };
    readonly max_score: number | null;
    readonly hits: readonly {
      readonly _index: 'aquarius';
      readonly _id: string;
      readonly _score: number;
      readonly _source: Asset;
    }[];
  };
  /** Over all that match, not over the page; where the request has `aggs`. */
  readonly aggregations?: Readonly<Record<string, Aggregation>>;
}

const MAX_RESULTS = 1000;

/** @throws WavetankError SEARCH_UNSUPPORTED (usage), with the clause that is not known. */
export function search(assets: readonly Asset[], request: SearchRequest): SearchResult {
  const strange = Object.keys(request).find((key) => !KNOWN_FIELDS.has(key));
  if (strange) throw unsupported(strange);
  const query = request.query ?? { match_all: {} };
  checkClause(query, 0);
  const matching = assets.filter((asset) => matches(asset, query)).toSorted(comparison(request.sort));
  const from = bounded(request.from, 0);
  const page = matching.slice(from, from + Math.min(bounded(request.size, 10), MAX_RESULTS));
  return {
    took: 0,
    timed_out: false,
    hits: {
      total: { value: matching.length, relation: 'eq' },
      max_score: matching.length > 0 ? 1 : null,
      hits: page.map((asset) => ({ _index: 'aquarius', _id: asset.id, _score: 1, _source: asset })),
    },
    ...(request.aggs === undefined ? {} : { aggregations: aggregate(matching, request.aggs) }),
  };
}

const MAX_DEPTH = 16;
/** What the body of a clause may say. */
const CLAUSE_FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['match_all', []],
  ['ids', ['values']],
  ['exists', ['field']],
  ['bool', ['must', 'filter', 'must_not', 'should', 'minimum_should_match']],
]);
/** What may stand where a field's value does. */
const VALUE_FIELDS = { term: ['value'], match: ['query', 'operator'] } as const;

/** The whole of it, whatever there is to be found. @throws WavetankError SEARCH_UNSUPPORTED (usage) */
function checkClause(clause: unknown, depth: number): void {
  const [kind, body] = onlyEntry(clause, 'query');
  if (depth > MAX_DEPTH) throw unsupported('a query this deep');
  if (kind === 'terms') return void onlyEntry(body, kind);
  if (kind === 'term' || kind === 'match') {
    const [, wanted] = onlyEntry(body, kind);
    return isRecord(wanted) ? checkValue(kind, wanted) : undefined;
  }
  const known = CLAUSE_FIELDS.get(kind);
  if (known === undefined || !isRecord(body)) throw unsupported(kind);
  checkKeys(kind, body, known);
  if (kind !== 'bool') return;
  const { minimum_should_match: count = 0, ...clauses } = body;
  if (!/^\d+$/.test(String(count))) throw unsupported(`minimum_should_match ${JSON.stringify(count)}`);
  for (const inner of Object.values(clauses).flatMap(list)) checkClause(inner, depth + 1);
}

function checkValue(kind: 'term' | 'match', body: Record<string, unknown>): void {
  checkKeys(kind, body, VALUE_FIELDS[kind]);
  if (!['and', 'or', undefined].includes(body['operator'] as string | undefined))
    throw unsupported(`the operator ${JSON.stringify(body['operator'])}`);
}

function checkKeys(kind: string, body: Record<string, unknown>, known: readonly string[]): void {
  const strange = Object.keys(body).find((key) => !known.includes(key));
  if (strange) throw unsupported(`${kind}.${strange}`);
}

/** Of a clause that was checked. */
function matches(asset: Asset, clause: unknown): boolean {
  const [kind, body] = onlyEntry(clause, 'query');
  switch (kind) {
    case 'bool':
      return matchesBool(asset, body as Readonly<Record<string, unknown>>);
    case 'ids':
      return list((body as { values?: unknown }).values).includes(asset.id);
    case 'exists':
      return valuesAt(asset, String((body as { field?: unknown }).field)).length > 0;
    case 'term':
    case 'match':
      return matchesField(asset, kind, body);
    case 'terms': {
      const [field, values] = onlyEntry(body, kind);
      return valuesAt(asset, field).some((value) => list(values).some((wanted) => isSame(value, wanted)));
    }
    default:
      return true;
  }
}

function matchesBool(asset: Asset, body: Readonly<Record<string, unknown>>): boolean {
  const holds = (clause: unknown): boolean => matches(asset, clause);
  const should = list(body['should']);
  const isAlone = list(body['must']).length + list(body['filter']).length === 0;
  const needsShould = should.length > 0 && (body['minimum_should_match'] !== undefined || isAlone);
  return (
    list(body['must']).every(holds) &&
    list(body['filter']).every(holds) &&
    !list(body['must_not']).some(holds) &&
    (!needsShould || should.filter(holds).length >= Number(body['minimum_should_match'] ?? 1))
  );
}

function matchesField(asset: Asset, kind: 'term' | 'match', body: unknown): boolean {
  const [field, wanted] = onlyEntry(body, kind);
  const value = isRecord(wanted) ? (wanted['value'] ?? wanted['query']) : wanted;
  const values = valuesAt(asset, field);
  if (kind === 'term' || typeof value !== 'string') return values.some((one) => isSame(one, value));
  const words = value.toLowerCase().split(/\s+/).filter(Boolean);
  const needsAll = isRecord(wanted) && wanted['operator'] === 'and';
  return values.some((one) => {
    const isIn = (word: string): boolean => String(one).toLowerCase().includes(word);
    return needsAll ? words.every(isIn) : words.some(isIn);
  });
}

/** `{ field: 'desc' }`, `{ field: { order: 'desc' } }`, or a list of such and of names. */
function sortKeysOf(sort: unknown): { field: string; sign: 1 | -1 }[] {
  return list(sort).flatMap((one) => {
    if (typeof one === 'string' && Array.isArray(sort)) return [{ field: one, sign: 1 as const }];
    if (!isRecord(one)) throw unsupported(`the sort ${JSON.stringify(one)}`);
    return Object.entries(one).map(([field, order]) => ({ field, sign: signOf(order) }));
  });
}

function signOf(order: unknown): 1 | -1 {
  if (isRecord(order)) checkKeys('sort', order, ['order']);
  const direction = isRecord(order) ? order['order'] : order;
  if (direction !== 'asc' && direction !== 'desc') throw unsupported(`the order ${JSON.stringify(direction)}`);
  return direction === 'desc' ? -1 : 1;
}

function comparison(sort: unknown): (a: Asset, b: Asset) => number {
  const keys = sortKeysOf(sort);
  return (a, b) => {
    for (const { field, sign } of keys) {
      const [left, right] = [valuesAt(a, field)[0], valuesAt(b, field)[0]];
      const order =
        typeof left === 'number' && typeof right === 'number'
          ? left - right
          : String(left).localeCompare(String(right));
      if (order !== 0) return sign * order;
    }
    return 0;
  };
}

/** Addresses match in every case, as an index with a lower-casing analyser does. */
function isSame(value: unknown, wanted: unknown): boolean {
  if (typeof value === 'string' && typeof wanted === 'string') return value.toLowerCase() === wanted.toLowerCase();
  return isDeepStrictEqual(value, wanted);
}

function bounded(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : fallback;
}
