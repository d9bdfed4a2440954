import { isDeepStrictEqual } from 'node:util';

const LONGEST_VALUE = 600;

/** Where two JSON values differ: a line for the place and one for each side, from the outside in. Empty when nothing does. */
export function differencesOf(real: unknown, embedded: unknown, path = ''): string[] {
  if (isDeepStrictEqual(real, embedded)) return [];
  if (!isContainer(real) || !isContainer(embedded) || Array.isArray(real) !== Array.isArray(embedded))
    return [`${path || '.'}\n    real      ${shown(real)}\n    embedded  ${shown(embedded)}`];
  const names = new Set([...Object.keys(real), ...Object.keys(embedded)]);
  return [...names].flatMap((name) => differencesOf(real[name], embedded[name], `${path}.${name}`));
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
