import { S3Error } from './errors.ts';

export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** An element's content: text, children, or a list that repeats the element. `undefined` leaves it out. */
export type XmlContent = string | number | boolean | undefined | XmlTree | readonly XmlContent[];
export interface XmlTree {
  readonly [element: string]: XmlContent;
}

/** A whole document with one root element. */
export function renderXml(root: string, tree: XmlTree | string, namespace?: string): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${namespace}"`;
  const content = typeof tree === 'string' ? escapeText(tree) : renderChildren(tree);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${content}</${root}>`;
}

function renderChildren(tree: XmlTree): string {
  return Object.entries(tree)
    .map(([name, content]) => renderElement(name, content))
    .join('');
}

function renderElement(name: string, content: XmlContent): string {
  if (content === undefined) return '';
  if (isList(content)) return content.map((item) => renderElement(name, item)).join('');
  return `<${name}>${typeof content === 'object' ? renderChildren(content) : escapeText(String(content))}</${name}>`;
}

function isList(content: XmlContent): content is readonly XmlContent[] {
  return Array.isArray(content);
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters become numeric references, as the real service writes them: that is why encoding-type=url exists. */
function escapeText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what must be escaped here
  return text.replace(/[&<>"\u0000-\u001f\u007f]/g, (character) => {
    return ESCAPES[character] ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`;
  });
}

/** A parsed element: text, or children by name, each always a list. */
export class XmlElement {
  readonly #node: unknown;

  constructor(node: unknown) {
    this.#node = node;
  }

  get text(): string {
    if (typeof this.#node !== 'string') throw new S3Error('MalformedXML');
    return decodeEntities(this.#node);
  }

  get names(): readonly string[] {
    return Object.keys(childrenOf(this.#node));
  }

  all(name: string): readonly XmlElement[] {
    const children = childrenOf(this.#node);
    if (!Object.hasOwn(children, name)) return [];
    const found = children[name];
    return (Array.isArray(found) ? found : [found]).map((node) => new XmlElement(node));
  }

  /** The one child of that name, or undefined. Two are malformed. */
  optional(name: string): XmlElement | undefined {
    const found = this.all(name);
    if (found.length > 1) throw new S3Error('MalformedXML');
    return found[0];
  }

  single(name: string): XmlElement {
    const found = this.optional(name);
    if (!found) throw new S3Error('MalformedXML');
    return found;
  }

  /** Refuses elements that we would otherwise silently ignore. */
  allow(...names: readonly string[]): this {
    const surplus = this.names.find((name) => !names.includes(name) && name !== '#text');
    if (surplus !== undefined) throw new S3Error('MalformedXML', `The element ${surplus} is not expected here.`);
    return this;
  }
}

function childrenOf(node: unknown): Readonly<Record<string, unknown>> {
  return typeof node === 'object' && node !== null ? (node as Record<string, unknown>) : {};
}

/** Parses a request body. Declarations (`<!DOCTYPE`, and with it every entity of the sender's own) are refused. */
export async function parseXml(text: string, root: string): Promise<XmlElement> {
  // Loaded when first needed: it costs more than the rest of the start-up together.
  const { XMLParser, XMLValidator } = await import('fast-xml-parser');
  // Differs from the real service: CDATA sections are refused too, since no client sends them.
  if (text.includes('<!')) throw new S3Error('MalformedXML');
  if (XMLValidator.validate(text) !== true) throw new S3Error('MalformedXML');
  const parser = new XMLParser({
    processEntities: false,
    ignoreAttributes: true,
    ignoreDeclaration: true,
    parseTagValue: false,
    trimValues: false,
    removeNSPrefix: true,
  });
  let parsed: unknown;
  try {
    parsed = parser.parse(text);
  } catch {
    throw new S3Error('MalformedXML');
  }
  return new XmlElement(parsed).allow(root).single(root);
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&([^;&]{0,10});?/g, (_match, name: string) => {
    const named = NAMED[name];
    if (named !== undefined) return named;
    const digits = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(name);
    const code = digits ? Number.parseInt(digits[1] ?? digits[2] ?? '', digits[1] === undefined ? 10 : 16) : Number.NaN;
    if (!(code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) throw new S3Error('MalformedXML');
    return String.fromCodePoint(code);
  });
}
