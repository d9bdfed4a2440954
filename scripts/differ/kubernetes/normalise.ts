import type { Answer } from './step.ts';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\b(20\d\d)-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g;
const GENERATED_NAME = /\b(gen-\d+-)[a-z0-9]{5}\b/g;
/** Years that only a clock says; the requests use earlier ones. */
const FIRST_YEAR_OF_CLOCKS = 2025;
const MENTIONED_VERSION =
  /(ResourceVersion in (?:the )?(?:precondition|object meta|record)[:( ]+|"resourceVersion":")(\d+)/g;

type Fields = Record<string, unknown>;

/**
 * Makes the answers of two servers comparable: ids and versions become numbers in the order of their first appearance at an
 * object, times of the clock and made-up names become words. One per server and sequence, fed in the order of the steps.
 */
export class Normaliser {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** @param resource the plural that the request was about */
  answer({ code, headers, body }: Answer, resource: string): Answer {
    return { code, headers, body: this.#value(body, '', resource) };
  }

  #value(value: unknown, field: string, about: string): unknown {
    if (typeof value === 'string') return this.#text(value, field, about);
    if (Array.isArray(value)) return value.map((item) => this.#value(item, '', about));
    if (typeof value !== 'object' || value === null) return value;
    const object = value as Fields;
    const isList = typeof object['kind'] === 'string' && ('items' in object || 'rows' in object);
    if (object['type'] === 'BOOKMARK') return bookmark(object);
    const own = aboutObject(object, about);
    const entries = Object.entries(withoutAges(object))
      .filter(([name]) => name !== 'managedFields')
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]): [string, unknown] => [
        this.#text(name, '', own),
        isList && name === 'metadata' ? listMetadata(item as Fields) : this.#value(item, name, own),
      ]);
    return sortedCauses(Object.fromEntries(entries));
  }

  #text(text: string, field: string, about: string): string {
    if (text.includes('-----BEGIN CERTIFICATE-----')) return '<certificate>';
    // A patch may have moved it into a label of that name.
    if (field === 'resourceVersion' || (field === 'moved' && /^\d+$/.test(text))) return this.#version(text, about);
    if (field === 'token' && text.length > 64) return '<token>';
    // What a sentence mentions gets no number of its own: one server may quote what the other does not.
    return text
      .replaceAll(UUID, (id) => (field === 'uid' ? this.#numbered(id, 'id', about) : (this.#names.get(id) ?? '<id>')))
      .replaceAll(GENERATED_NAME, '$1xxxxx')
      .replaceAll(
        MENTIONED_VERSION,
        (_all, words: string, version: string) => words + (this.#names.get(version) ?? '<version>'),
      )
      .replaceAll(TIME, (time, year: string) => (Number(year) >= FIRST_YEAR_OF_CLOCKS ? '<time>' : time));
  }

  #version(text: string, about: string): string {
    return /^\d+$/.test(text) ? this.#numbered(text, 'version', about) : text;
  }

  #numbered(value: string, what: string, about: string): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const counter = `${what} of ${about}`;
    const count = (this.#counts.get(counter) ?? 0) + 1;
    this.#counts.set(counter, count);
    const name = `<${counter} ${count}>`;
    this.#names.set(value, name);
    return name;
  }
}

/** Cells of a table that tell how long ago something was. */
function withoutAges(object: Fields): Fields {
  if (!Array.isArray(object['cells'])) return object;
  return { ...object, cells: object['cells'].map((cell) => (/^(\d+[smhdy])+$/.test(String(cell)) ? '<age>' : cell)) };
}

/** Its version is that of the whole server. */
function bookmark({ type, object }: Fields): unknown {
  const { metadata, ...rest } = object as Fields;
  return { type, object: { ...rest, metadata: listMetadata(metadata as Fields) } };
}

/** `resource/name` inside an object, or inside what tells of one. */
function aboutObject(object: Fields, about: string): string {
  const { metadata, details } = object as { metadata?: { name?: unknown }; details?: { name?: unknown } };
  const name = metadata?.name ?? details?.name;
  const [resource = ''] = about.split('/');
  return typeof name === 'string' ? `${resource}/${name.replace(GENERATED_NAME, '$1xxxxx')}` : about;
}

/** The version of a list is that of the whole server, where others write as well. */
function listMetadata(metadata: Fields): unknown {
  const { resourceVersion, ...rest } = metadata;
  const shown = /^\d+$/.test(String(resourceVersion)) ? '<version>' : resourceVersion;
  return {
    ...rest,
    ...(resourceVersion === undefined ? {} : { resourceVersion: shown }),
    ...(rest['continue'] ? { continue: '<token>' } : {}),
  };
}

/** The real server goes through maps in random order, so causes come in any order. */
function sortedCauses(object: Fields): Fields {
  if (object['kind'] !== 'Status') return object;
  const details = object['details'] as { causes?: unknown[] } | undefined;
  if (details?.causes === undefined) return object;
  const causes = details.causes.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return { ...object, message: sortedMessage(String(object['message'])), details: { ...details, causes } };
}

function sortedMessage(message: string): string {
  const start = message.indexOf('[');
  if (start < 0 || !message.endsWith(']')) return message;
  return `${message.slice(0, start)}[${message
    .slice(start + 1, -1)
    .split(', ')
    .toSorted()
    .join(', ')}]`;
}
