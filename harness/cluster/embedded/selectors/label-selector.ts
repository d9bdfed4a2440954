import { badRequest } from '../kube-status.ts';
import { arrayAt, isObject, objectAt } from '../json.ts';

/** One term: `key in (values)` and the like. `=` is `in` with one value. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'in' | 'notin' | 'exists' | '!';
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>> | undefined;

const NAME = '[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const KEY = new RegExp(`^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?${NAME}$`);
const VALUE = new RegExp(`^(?:${NAME})?$`);

/** `a=b,c!=d,e in (f,g),h notin (i),j,!k` @throws KubeStatusError 400 for what cannot be parsed. */
export function parseLabelSelector(text: string): readonly LabelRequirement[] {
  if (text.trim() === '') return [];
  return splitTerms(text).map((term) => {
    const requirement = parseTerm(term);
    if (requirement === undefined)
      throw badRequest(`unable to parse requirement: found '${term}', expected a label selector requirement`);
    if (!KEY.test(requirement.key))
      throw badRequest(
        `unable to parse requirement: <nil>: Invalid value: "${requirement.key}": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
      );
    const bad = requirement.values.find((value) => !VALUE.test(value));
    if (bad !== undefined)
      throw badRequest(
        `unable to parse requirement: values[0][${requirement.key}]: Invalid value: "${bad}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
      );
    return requirement;
  });
}

/** At commas outside parentheses. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')') depth--;
    else if (text[i] === ',' && depth === 0) {
      terms.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  terms.push(text.slice(start).trim());
  return terms;
}

function parseTerm(term: string): LabelRequirement | undefined {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(term);
  if (set) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return { key: set[1] ?? '', operator: set[2] === 'in' ? 'in' : 'notin', values };
  }
  const equality = /^([^\s=!<>]+)\s*(==|=|!=)\s*([^\s=!<>]*)$/.exec(term);
  if (equality)
    return { key: equality[1] ?? '', operator: equality[2] === '!=' ? 'notin' : 'in', values: [equality[3] ?? ''] };
  const bare = /^(!?)\s*([^\s=!<>()]+)$/.exec(term);
  if (bare) return { key: bare[2] ?? '', operator: bare[1] === '!' ? '!' : 'exists', values: [] };
  return undefined;
}

export function matchesLabels(requirements: readonly LabelRequirement[], labels: Labels): boolean {
  return requirements.every(({ key, operator, values }) => {
    const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (operator === 'exists') return value !== undefined;
    if (operator === '!') return value === undefined;
    if (operator === 'in') return value !== undefined && values.includes(value);
    return value === undefined || !values.includes(value);
  });
}

/** The `{matchLabels, matchExpressions}` form that objects carry. An empty one matches all; an absent one is the caller's matter. */
export function labelSelectorFromObject(selector: unknown): readonly LabelRequirement[] {
  const fromLabels = Object.entries(objectAt(selector, 'matchLabels')).map(([key, value]): LabelRequirement => ({
    key,
    operator: 'in',
    values: [String(value)],
  }));
  const operators = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' } as const;
  const fromExpressions = arrayAt(selector, 'matchExpressions').flatMap((expression): LabelRequirement[] => {
    if (!isObject(expression)) return [];
    const operator = operators[expression['operator'] as keyof typeof operators];
    return operator
      ? [{ key: String(expression['key']), operator, values: arrayAt(expression, 'values').map(String) }]
      : [];
  });
  return [...fromLabels, ...fromExpressions];
}
