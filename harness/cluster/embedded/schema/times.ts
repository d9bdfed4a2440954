/** Why a string is no time, in the server's words. */
export class TimeError extends Error {}

export const TIME_LAYOUT = '2006-01-02T15:04:05Z07:00';
/** Of Lease and Event times: exactly six digits of a second. */
export const MICRO_TIME_LAYOUT = '2006-01-02T15:04:05.000000Z07:00';

/** The parts of a layout, in order, and what each accepts at the start of the rest. */
const PARTS: readonly (readonly [layout: string, pattern: RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d\d/],
  ['-', /^-/],
  ['02', /^\d\d/],
  ['T', /^T/],
  ['15', /^\d\d/],
  [':', /^:/],
  ['04', /^\d\d/],
  [':', /^:/],
  ['05', /^\d\d/],
];

/** Numbers that may be too large or small, by their part, in the order in which the server looks. */
const RANGES: Readonly<Record<string, readonly [name: string, least: number, most: number]>> = {
  '01': ['month', 1, 12],
  '15': ['hour', 0, 23],
  '04': ['minute', 0, 59],
  '05': ['second', 0, 59],
};

/** As Go's time package quotes: what is not ASCII byte by byte. */
function goQuote(text: string): string {
  return JSON.stringify(text).replace(/[^\x20-\x7e]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

type Layout = typeof TIME_LAYOUT | typeof MICRO_TIME_LAYOUT;

const CANONICAL: Readonly<Record<Layout, RegExp>> = {
  [TIME_LAYOUT]: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  [MICRO_TIME_LAYOUT]: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
};

/** Parses a time as the decoder does; answers it in UTC as the server writes it. Throws a `TimeError`. */
export function canonicalTime(text: string, layout: Layout): string {
  return isCanonical(text, layout) ? text : canonicalized(text, layout);
}

/** What comes out of the store goes back in as it was, many times for every write. */
function isCanonical(text: string, layout: Layout): boolean {
  if (!CANONICAL[layout].test(text)) return false;
  const time = new Date(`${text.slice(0, 19)}Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text.slice(0, 19));
}

function canonicalized(text: string, layout: Layout): string {
  let rest = text;
  const fail = (part: string): never => {
    throw new TimeError(`parsing time ${goQuote(text)} as "${layout}": cannot parse ${goQuote(rest)} as "${part}"`);
  };
  for (const [part, pattern] of PARTS) {
    const found = pattern.exec(rest)?.[0] ?? fail(part);
    rest = rest.slice(found.length);
    const [name, least, most] = RANGES[part] ?? ['', 0, Infinity];
    if (Number(found) < least || Number(found) > most)
      throw new TimeError(`parsing time ${JSON.stringify(text)}: ${name} out of range`);
  }
  let micros = '000000';
  if (layout === MICRO_TIME_LAYOUT) {
    micros = /^\.(\d{6})(?!\d)/.exec(rest)?.[1] ?? fail('.000000');
    rest = rest.slice(7);
  } else {
    rest = rest.replace(/^[.,]\d+/, '');
  }
  const zone = /^(Z|[+-]\d\d:\d\d)/.exec(rest)?.[0] ?? fail('Z07:00');
  if (rest.length > zone.length) {
    throw new TimeError(`parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest.slice(zone.length))}`);
  }
  const [year, month, day] = text.slice(0, 10).split('-').map(Number);
  const daysInMonth = new Date(Date.UTC(year ?? 0, month ?? 0, 0)).getUTCDate();
  const utc = new Date(`${text.slice(0, 19)}${zone}`);
  if (day === undefined || day < 1 || day > daysInMonth || Number.isNaN(utc.getTime()))
    throw new TimeError(`parsing time ${JSON.stringify(text)}: day out of range`);
  const seconds = utc.toISOString().slice(0, 19);
  return layout === MICRO_TIME_LAYOUT ? `${seconds}.${micros}Z` : `${seconds}Z`;
}
