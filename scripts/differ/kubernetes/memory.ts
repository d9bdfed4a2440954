import { stringify } from 'yaml';
import type { Answer, Body, Edit, Json, JsonObject, SentRequest, Step } from './step.ts';

interface Remembered {
  readonly metadata?: { readonly name?: string; readonly resourceVersion?: string; readonly uid?: string };
}

const MOST_VERSIONS = 8;

/** What one server has answered so far, and what becomes of a step's references with it. */
export class Memory {
  readonly #namespace: string;
  readonly #objects = new Map<string, Remembered[]>();
  readonly #lists = new Map<string, { resourceVersion?: string; continue?: string }>();

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  request(step: Step): SentRequest {
    return {
      method: step.method,
      path: this.#filled(step.path, encodeURIComponent),
      headers: step.headers,
      body: step.body === undefined ? undefined : this.#bodyOf(step.body),
    };
  }

  /** @param resource the plural that the step was about */
  learn(resource: string, { code, body }: Answer): void {
    if (code >= 300 || typeof body !== 'object' || body === null) return;
    const { kind = '', items, metadata } = body as { kind?: string; items?: Remembered[]; metadata?: object };
    if (kind.endsWith('List')) {
      this.#lists.set(resource, (metadata ?? {}) as { resourceVersion?: string; continue?: string });
      for (const item of items ?? []) this.#remember(resource, item);
    } else if (kind !== 'Status' && kind !== 'Table' && kind !== 'PartialObjectMetadata') {
      this.#remember(resource, body as Remembered);
    }
  }

  /** The last state of an object that was answered. */
  last(key: string): Remembered | undefined {
    return this.#objects.get(key)?.at(-1);
  }

  #remember(resource: string, object: Remembered): void {
    const name = object.metadata?.name;
    if (name === undefined) return;
    const key = `${resource}/${name}`;
    const versions = this.#objects.get(key) ?? [];
    versions.push(object);
    this.#objects.set(key, versions.slice(-MOST_VERSIONS));
  }

  #bodyOf(body: Body): string {
    if (body.form === 'text') return this.#filled(body.text);
    const base = body.base === undefined ? undefined : this.last(this.#filled(body.base));
    const value = (base === undefined ? body.value : withoutDeletion(base)) as Json;
    const edited = body.edits.reduce(applyEdit, value);
    const filled = this.#filledIn(edited);
    return body.encoding === 'yaml' ? stringify(filled) : JSON.stringify(filled);
  }

  #filledIn(value: Json): Json {
    if (typeof value === 'string') return this.#filled(value);
    if (Array.isArray(value)) return value.map((item: Json) => this.#filledIn(item));
    if (typeof value !== 'object' || value === null) return value;
    // In one order for both servers: refusals quote the beginning of a body.
    return Object.fromEntries(
      Object.entries(value)
        .filter(([field]) => field !== 'managedFields')
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([field, item]) => [this.#filled(field), this.#filledIn(item as Json)]),
    );
  }

  #filled(text: string, escape: (value: string) => string = (value) => value): string {
    if (!text.includes('{')) return text;
    return text
      .replaceAll('{ns}', this.#namespace)
      .replaceAll(/\{(rv|old|uid|listrv|continue):([^{}]+)\}/g, (_all, what: string, key: string) =>
        escape(this.#valueOf(what, key)),
      );
  }

  #valueOf(what: string, key: string): string {
    if (what === 'listrv') return this.#lists.get(key)?.resourceVersion ?? '';
    if (what === 'continue') return this.#lists.get(key)?.continue ?? '';
    const versions = this.#objects.get(key) ?? [];
    const newest = versions.at(-1)?.metadata;
    if (what === 'uid') return newest?.uid ?? '';
    if (what === 'rv') return newest?.resourceVersion ?? '';
    const older = versions.findLast(({ metadata }) => metadata?.resourceVersion !== newest?.resourceVersion);
    return older?.metadata?.resourceVersion ?? '';
  }
}

/** What a client would send again: it is not for it to say that an object goes. */
function withoutDeletion(object: Remembered): unknown {
  const {
    deletionTimestamp: _time,
    deletionGracePeriodSeconds: _seconds,
    ...metadata
  } = (object.metadata ?? {}) as JsonObject;
  return { ...object, metadata };
}

/** A changed copy. Where the way to a field is missing, it is made. */
export function applyEdit(value: Json, { path, value: set }: Edit): Json {
  const [head, ...rest] = path;
  if (head === undefined) return set ?? null;
  if (typeof head === 'number') {
    const list: Json[] = Array.isArray(value) ? [...(value as readonly Json[])] : [];
    const at = Math.min(head, list.length);
    if (rest.length === 0 && set === undefined) list.splice(at, 1);
    else list[at] = applyEdit(list[at] ?? null, { path: rest, ...(set === undefined ? {} : { value: set }) });
    return list;
  }
  const object: Record<string, Json> =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...(value as Record<string, Json>) } : {};
  if (rest.length === 0 && set === undefined) delete object[head];
  else object[head] = applyEdit(object[head] ?? null, { path: rest, ...(set === undefined ? {} : { value: set }) });
  return object;
}
