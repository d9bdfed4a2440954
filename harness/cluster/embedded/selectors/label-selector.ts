import { arrayAt, isObject, objectAt } from '../json.ts';
import { LabelSelectorParser } from './label-selector-parser.ts';

/** One term: `key in (values)` and the like. `=` is `in` with one value. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'in' | 'notin' | 'exists' | '!';
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>> | undefined;

/** `a=b,c!=d,e in (f,g),h notin (i),j,!k` @throws KubeStatusError 400 for what cannot be parsed. */
export function parseLabelSelector(text: string): readonly LabelRequirement[] {
  return text.trim() === '' ? [] : new LabelSelectorParser(text).parse();
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
