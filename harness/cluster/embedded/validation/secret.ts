import type { KindStrategy } from './kind-strategy.ts';

export const secretStrategy: KindStrategy = {
  prepareCreate(object) {
    object['type'] ??= 'Opaque';
  },
};
