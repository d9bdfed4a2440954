import { badRequest } from '../kube-status.ts';
import type { LabelRequirement } from './label-selector.ts';

const NAME = '[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?';
const NAME_PATTERN = new RegExp(`^${NAME}$`);
const LONGEST = 63;
const PREFIX_PATTERN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const OPERATORS = ['in', 'notin', '=', '==', '!=', 'gt', 'lt'] as const;
const SYMBOLS: Readonly<Record<string, string>> = { '>': 'gt', '<': 'lt' };

/** Symbols and words, in the order of the text. */
function tokensOf(text: string): string[] {
  return text.match(/==|!=|[=!(),<>]|[^\s=!(),<>]+/g) ?? [];
}

function isWord(token: string): boolean {
  return token !== '' && !/^[=!(),<>]/.test(token);
}

/** Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k`, and says of anything else what the real parser says. */
export class LabelSelectorParser {
  readonly #tokens: string[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  /** @throws KubeStatusError 400 */
  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    while (this.#peek() !== '') {
      const token = this.#peek();
      if (!isWord(token) && token !== '!')
        throw badRequest(`found '${token}', expected: !, identifier, or 'end of string'`);
      requirements.push(this.#requirement());
      const after = this.#take();
      if (after === '') break;
      if (after !== ',') throw badRequest(`found '${after}', expected: ',' or 'end of string'`);
      const following = this.#peek();
      if (!isWord(following) && following !== '!')
        throw badRequest(`found '${following}', expected: identifier after ','`);
    }
    return requirements;
  }

  #peek(): string {
    return this.#tokens[this.#next] ?? '';
  }

  #take(): string {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  #requirement(): LabelRequirement {
    const isAbsence = this.#peek() === '!';
    if (isAbsence) this.#take();
    const key = this.#take();
    if (!isWord(key)) throw unparsable(`found '${key}', expected: identifier`);
    checkKey(key);
    if (isAbsence) return { key, operator: '!', values: [] };
    if (this.#peek() === '' || this.#peek() === ',') return { key, operator: 'exists', values: [] };
    const written = this.#take();
    const operator = SYMBOLS[written] ?? written;
    if (!OPERATORS.includes(operator as (typeof OPERATORS)[number]))
      throw unparsable(`found '${written}', expected: ${OPERATORS.join(', ')}`);
    const isSet = operator === 'in' || operator === 'notin';
    const values = isSet ? this.#set() : [this.#value()];
    values.forEach((value, index) => checkValue(key, value, index));
    if (operator === 'gt' || operator === 'lt')
      throw unparsable('greater and lesser label values are not selected by this cluster');
    return { key, operator: operator === 'notin' || operator === '!=' ? 'notin' : 'in', values };
  }

  #value(): string {
    const token = this.#peek();
    if (token === '' || token === ',') return '';
    if (!isWord(token)) throw unparsable(`found '${token}', expected: identifier`);
    return this.#take();
  }

  #set(): string[] {
    const opening = this.#take();
    if (opening !== '(') throw unparsable(`found '${opening}' expected: '('`);
    const values = new Set<string>();
    for (let expectsValue = true; ;) {
      const token = this.#take();
      if (token === ')') {
        if (expectsValue) values.add('');
        return [...values].toSorted();
      }
      if (token === ',') {
        if (expectsValue) values.add('');
        expectsValue = true;
      } else if (isWord(token) && expectsValue) {
        values.add(token);
        expectsValue = false;
      } else {
        throw unparsable(`found '${token}', expected: ',', or identifier`);
      }
    }
  }
}

function unparsable(why: string): Error {
  return badRequest(`unable to parse requirement: ${why}`);
}

function checkKey(key: string): void {
  const refuse = (why: string): never => {
    throw unparsable(`<nil>: Invalid value: ${JSON.stringify(key)}: ${why}`);
  };
  const parts = key.split('/');
  const form = `consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`;
  const name = parts.at(-1) ?? '';
  if (parts.length > 2)
    refuse(`a qualified name must ${form} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`);
  if (parts.length === 2 && parts[0] === '') refuse('prefix part must be non-empty');
  if (parts.length === 2 && !PREFIX_PATTERN.test(parts[0] ?? ''))
    refuse(
      "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    );
  if (name === '') refuse(`name part must be non-empty, name part must ${form}`);
  if (name.length > LONGEST) refuse(`name part must be no more than ${LONGEST} characters`);
  if (!NAME_PATTERN.test(name)) refuse(`name part must ${form}`);
}

function checkValue(key: string, value: string, index: number): void {
  const why =
    value.length > LONGEST
      ? `must be no more than ${LONGEST} characters`
      : value !== '' && !NAME_PATTERN.test(value)
        ? "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
        : undefined;
  if (why !== undefined) throw unparsable(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${why}`);
}
