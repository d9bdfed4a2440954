import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isKubeStatus } from '../kube-status.ts';
import type { PatchNode } from '../schema-face.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

const codeOf = (run: () => unknown): number | undefined => {
  try {
    run();
  } catch (error) {
    if (isKubeStatus(error)) return error.status.code;
    throw error;
  }
  return undefined;
};

describe('a JSON patch', () => {
  it.each([
    ['adds to an object', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    ['inserts into a list', { l: [1, 3] }, [{ op: 'add', path: '/l/1', value: 2 }], { l: [1, 2, 3] }],
    ['appends with -', { l: [1] }, [{ op: 'add', path: '/l/-', value: 2 }], { l: [1, 2] }],
    ['adds null without a value', { a: 1 }, [{ op: 'add', path: '/b' }], { a: 1, b: null }],
    ['counts from the end', { l: [1, 2] }, [{ op: 'replace', path: '/l/-1', value: 3 }], { l: [1, 3] }],
    ['takes nothing for null', { a: 1 }, [{ op: 'test', path: '/x', value: null }], { a: 1 }],
    ['removes', { a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
    ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: { b: 1 } }], { b: 1 }],
    ['moves', { a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
    ['copies', { a: [1] }, [{ op: 'copy', from: '/a', path: '/b' }], { a: [1], b: [1] }],
    ['unescapes pointers', { m: {} }, [{ op: 'add', path: '/m/a~1b~0c', value: 1 }], { m: { 'a/b~c': 1 } }],
    ['goes on when a test holds', { a: { b: 1 } }, [{ op: 'test', path: '/a', value: { b: 1 } }], { a: { b: 1 } }],
  ])('%s', (_title, document, patch, expected) => {
    const before = structuredClone(document);
    expect(applyJsonPatch(document, patch)).toEqual(expected);
    expect(document).toEqual(before);
  });

  it.each([
    ['a failing test', [{ op: 'test', path: '/a', value: 2 }], 422],
    ['a missing path', [{ op: 'remove', path: '/x' }], 422],
    ['a missing parent', [{ op: 'add', path: '/x/y', value: 1 }], 422],
    ['an index beyond the end', [{ op: 'add', path: '/l/9', value: 1 }], 422],
    ['an unknown operation', [{ op: 'merge', path: '/a', value: 1 }], 422],
    ['a path without a slash', [{ op: 'add', path: 'a', value: 1 }], 422],
    ['a test without a value', [{ op: 'test', path: '/x' }], 422],
    ['an addition in place of the whole', [{ op: 'add', path: '', value: {} }], 422],
    ['a test below what is not there', [{ op: 'test', path: '/x/y', value: null }], 422],
    ['what is no list', { op: 'add' }, 400],
    ['what is no operation', [1], 422],
  ])('refuses %s', (_title, patch, code) => {
    expect(codeOf(() => applyJsonPatch({ a: 1, l: [] }, patch))).toBe(code);
  });
});

describe('a merge patch', () => {
  it('removes by null, merges objects and replaces lists', () => {
    const target = { a: 1, o: { x: 1, y: 2 }, l: [1, 2] };
    expect(applyMergePatch(target, { a: null, o: { x: null, z: 3 }, l: [9] })).toEqual({ o: { y: 2, z: 3 }, l: [9] });
    expect(target).toEqual({ a: 1, o: { x: 1, y: 2 }, l: [1, 2] });
  });

  it('applied twice is as applied once', () => {
    const json = fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.oneof(
        fc.integer(),
        fc.constant(null),
        fc.array(fc.nat()),
        fc.dictionary(fc.constantFrom('x', 'y'), fc.oneof(fc.nat(), fc.constant(null))),
      ),
    );
    fc.assert(
      fc.property(json, json, (target, patch) => {
        const once = applyMergePatch(target, patch);
        expect(applyMergePatch(once, patch)).toEqual(once);
      }),
      { seed: 22 },
    );
  });
});

/** list: merged by name · ports: merged by port within list · words: a list of scalars that merges · plain: replaced. */
const leaf: PatchNode = { strategies: [], mergeKey: undefined, field: () => undefined, items: () => undefined };
const ports: PatchNode = { ...leaf, strategies: ['merge'], mergeKey: 'port', items: () => leaf };
const item: PatchNode = { ...leaf, field: (name) => (name === 'ports' ? ports : leaf) };
const root: PatchNode = {
  ...leaf,
  field: (name) => {
    if (name === 'list') return { ...leaf, strategies: ['merge'], mergeKey: 'name', items: () => item };
    if (name === 'words') return { ...leaf, strategies: ['merge'] };
    if (name === 'whole') return { ...leaf, strategies: ['replace'] };
    return leaf;
  },
};

describe('a strategic merge patch', () => {
  const target = {
    list: [
      { name: 'a', v: 1, ports: [{ port: 1, p: 'x' }] },
      { name: 'b', v: 2 },
    ],
    words: ['x', 'y'],
    plain: [1, 2],
    whole: { a: 1 },
  };

  it.each([
    ['merges elements by their key', { list: [{ name: 'b', v: 3 }] }, { list: [target.list[0], { name: 'b', v: 3 }] }],
    ['puts new elements first', { list: [{ name: 'c' }] }, { list: [{ name: 'c' }, ...target.list] }],
    [
      'keeps the order of the patch, and others before what followed them',
      { list: [{ name: 'z' }, { name: 'b' }] },
      { list: [{ name: 'z' }, ...target.list] },
    ],
    [
      'merges within elements',
      { list: [{ name: 'a', ports: [{ port: 2 }] }] },
      { list: [{ name: 'a', v: 1, ports: [{ port: 2 }, { port: 1, p: 'x' }] }, target.list[1]] },
    ],
    ['deletes elements', { list: [{ name: 'a', $patch: 'delete' }] }, { list: [target.list[1]] }],
    ['replaces a list by directive', { list: [{ $patch: 'replace' }, { name: 'z' }] }, { list: [{ name: 'z' }] }],
    ['merges scalars without repeating them', { words: ['y', 'z'] }, { words: ['x', 'y', 'z'] }],
    ['deletes scalars', { '$deleteFromPrimitiveList/words': ['x'] }, { words: ['y'] }],
    ['replaces lists without a key', { plain: [3] }, { plain: [3] }],
    ['replaces objects that say so', { whole: { b: 2 } }, { whole: { b: 2 } }],
    [
      'orders elements',
      { '$setElementOrder/list': [{ name: 'b' }, { name: 'a' }] },
      { list: [target.list[1], target.list[0]] },
    ],
    ['removes by null', { words: null }, { words: undefined }],
    [
      'retains the listed keys alone',
      { $retainKeys: ['plain'], plain: [5] },
      { list: undefined, words: undefined, whole: undefined, plain: [5] },
    ],
  ])('%s', (_title, patch, changes) => {
    const before = structuredClone(target);
    expect(applyStrategicMergePatch(target, patch, root)).toEqual({ ...target, ...changes });
    expect(target).toEqual(before);
  });

  it('refuses elements without their key, and directives that are none', () => {
    expect(codeOf(() => applyStrategicMergePatch(target, { list: [{ v: 1 }] }, root))).toBe(500);
    expect(codeOf(() => applyStrategicMergePatch(target, { $patch: 'invert' }, root))).toBe(500);
  });
});
