import fc from 'fast-check';
import { anything, nasty } from './junk.ts';
import type { Fields, FuzzWorld } from './provider-requests.ts';

/** One change of a request that would be served. */
export type Mutation =
  | { readonly kind: 'drop'; readonly at: number }
  | { readonly kind: 'set'; readonly at: number; readonly value: unknown }
  | { readonly kind: 'add'; readonly name: string; readonly value: unknown }
  | { readonly kind: 'inside'; readonly at: number; readonly name: string; readonly value: unknown }
  | { readonly kind: 'foreign'; readonly at: number; readonly pick: number };

const at = fc.nat({ max: 7 });
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('drop' as const), at }),
  fc.record({ kind: fc.constant('set' as const), at, value: anything }),
  fc.record({ kind: fc.constant('add' as const), name: nasty, value: anything }),
  fc.record({
    kind: fc.constant('inside' as const),
    at,
    name: fc.constantFrom(
      'documentId',
      'serviceId',
      'transferTxId',
      'userdata',
      'meta',
      'env',
      'validUntil',
      '__proto__',
    ),
    value: anything,
  }),
  fc.record({ kind: fc.constant('foreign' as const), at, pick: fc.nat({ max: 9 }) }),
);

export function mutate(fields: Fields, mutation: Mutation, world: FuzzWorld): void {
  if (mutation.kind === 'add') {
    Object.defineProperty(fields, mutation.name, {
      value: mutation.value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    return;
  }
  const names = Object.keys(fields);
  const name = names[mutation.at % Math.max(1, names.length)];
  if (name === undefined) return;
  if (mutation.kind === 'drop') delete fields[name];
  else if (mutation.kind === 'set') fields[name] = mutation.value;
  else if (mutation.kind === 'foreign') {
    const others = [
      ...world.foreignDids,
      world.openDid,
      world.computeDid,
      world.algorithmDid,
      world.accessOrder,
      world.algorithmOrder,
    ];
    fields[name] = others[mutation.pick % others.length];
  } else {
    const inner = fields[name];
    const holder = Array.isArray(inner) ? (inner[0] as unknown) : inner;
    if (typeof holder !== 'object' || holder === null) return;
    const changed = { ...holder, [mutation.name]: mutation.value };
    fields[name] = Array.isArray(inner) ? [changed] : changed;
  }
}
