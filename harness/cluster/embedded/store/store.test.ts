import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../kube-object.ts';
import { Store } from './store.ts';
import { WatchCursor } from './watch-cursor.ts';

const object = (name: string, value = 0, namespace = 'a'): KubeObject => ({
  metadata: { name, namespace, labels: { value: String(value) } },
  value,
});
const namesIn = (objects: readonly KubeObject[]): unknown[] => objects.map(({ metadata }) => metadata.name);

describe('the store', () => {
  it('gives every write the next version and lists in the order of namespace and name', () => {
    const store = new Store();
    const first = store.version;
    for (const name of ['c', 'a', 'b']) store.put('r', object(name));
    store.put('r', object('z', 0, '0'));
    expect(store.version).toBe(first + 4);
    expect(namesIn(store.list('r'))).toEqual(['z', 'a', 'b', 'c']);
    expect(namesIn(store.list('r', 'a'))).toEqual(['a', 'b', 'c']);
    expect(store.get('r', 'a', 'b')?.metadata.resourceVersion).toBe(String(first + 3));
  });

  it('refuses to have a stored object changed from outside', () => {
    const store = new Store();
    const stored = store.put('r', object('a'));
    expect(() => ((stored.metadata.labels ??= {})['x'] = 'y')).toThrow(TypeError);
  });

  it('shows every past state as it was, until that is compacted', () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      namespace: fc.constantFrom('m', 'n'),
      removes: fc.boolean(),
      value: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const store = new Store();
        const past = new Map([[store.version, store.list('r')]]);
        for (const { name, namespace, removes, value } of steps) {
          if (removes) store.remove('r', namespace, name);
          else store.put('r', object(name, value, namespace));
          past.set(store.version, store.list('r'));
        }
        for (const [version, expected] of past) expect(store.listAt('r', undefined, version)).toEqual(expected);
      }),
      { seed: 20, numRuns: 100 },
    );
  });

  it('forgets old changes when its history is full, and tells from which version on it knows', () => {
    const store = new Store({ historyLength: 8 });
    for (let i = 0; i < 50; i++) store.put('r', object('a', i));
    expect(store.version - store.oldestVersion).toBeGreaterThanOrEqual(8);
    expect(store.version - store.oldestVersion).toBeLessThanOrEqual(10);
    const cursor = new WatchCursor(
      store,
      { resource: 'r', namespace: undefined, matches: () => true },
      store.oldestVersion - 1,
    );
    expect(cursor.next()).toBeUndefined();
  });

  it('tells of writes after them, once for many', async () => {
    const store = new Store();
    const told: number[] = [];
    store.onChange(() => told.push(store.version));
    store.put('r', object('a'));
    store.put('r', object('b'));
    expect(told).toEqual([]);
    await Promise.resolve();
    expect(told).toEqual([store.version]);
  });
});

describe('a watch cursor', () => {
  it('rebuilds the list it watches from its events alone', () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      removes: fc.boolean(),
      value: fc.nat(3),
      reads: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const store = new Store();
        const matches = (candidate: KubeObject): boolean => Number(candidate['value']) >= 2;
        const cursor = new WatchCursor(store, { resource: 'r', namespace: 'a', matches }, store.version);
        const seen = new Map<string, KubeObject>();
        const read = (): void => {
          for (const { type, object: changed } of cursor.next() ?? []) {
            const name = changed.metadata.name ?? '';
            expect(seen.has(name)).toBe(type !== 'ADDED');
            if (type === 'DELETED') seen.delete(name);
            else seen.set(name, changed);
          }
        };
        for (const { name, removes, value, reads } of steps) {
          if (removes) store.remove('r', 'a', name);
          else store.put('r', object(name, value));
          if (reads) read();
        }
        read();
        expect(
          [...seen.values()].toSorted((x, y) => String(x.metadata.name).localeCompare(String(y.metadata.name))),
        ).toEqual(store.list('r', 'a').filter(matches));
      }),
      { seed: 21, numRuns: 200 },
    );
  });
});
