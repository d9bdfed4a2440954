import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { ListingRequest } from './listing.ts';
import { listKeys } from './listing.ts';

const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const sourceOf = (keys: readonly string[]) => (from: Buffer, limit: number) =>
  keys
    .toSorted(compareBytes)
    .filter((key) => Buffer.compare(Buffer.from(key), from) >= 0)
    .slice(0, limit)
    .map((key) => ({ key, etag: '', size: 0, modifiedMs: 0 }));

/** The definition, without any seeking: roll up, drop duplicates, sort. */
function expected(keys: readonly string[], prefix: string, delimiter: string): string[] {
  const rolled = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      return at === -1 ? key : key.slice(0, at + delimiter.length);
    });
  return [...new Set(rolled)].toSorted(compareBytes);
}

const keyArbitrary = fc.string({
  unit: fc.constantFrom('a', 'b', '/', 'é', '\uffff', '\u{1f30a}'),
  minLength: 1,
  maxLength: 6,
});

describe('listKeys', () => {
  it('shows over all pages what the definition says, each once and in order', ({ expect }) => {
    fc.assert(
      fc.property(
        fc.uniqueArray(keyArbitrary, { maxLength: 20 }),
        fc.constantFrom('', 'a', 'a/', 'é'),
        fc.constantFrom('', '/', 'ab'),
        fc.integer({ min: 1, max: 5 }),
        (keys, prefix, delimiter, maxKeys) => {
          const seen: string[] = [];
          let after = '';
          for (let page = 0; page <= keys.length; page++) {
            const request: ListingRequest = { prefix, delimiter, after, maxKeys };
            const result = listKeys(sourceOf(keys), request);
            seen.push(
              ...[...result.entries.map((entry) => entry.key), ...result.commonPrefixes].toSorted(compareBytes),
            );
            if (!result.isTruncated) break;
            after = result.last;
          }
          expect(seen).toEqual(expected(keys, prefix, delimiter));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('seeks over what a common prefix hides', ({ expect }) => {
    const keys = Array.from({ length: 5000 }, (_, index) => `a/${String(index).padStart(4, '0')}`);
    let read = 0;
    const source = sourceOf([...keys, 'b']);
    const counted: typeof source = (from, limit) => {
      const batch = source(from, limit);
      read += batch.length;
      return batch;
    };
    const result = listKeys(counted, { prefix: '', delimiter: '/', after: '', maxKeys: 1000 });
    expect([result.commonPrefixes, result.entries.map((entry) => entry.key)]).toEqual([['a/'], ['b']]);
    expect(read).toBeLessThan(200);
  });
});
