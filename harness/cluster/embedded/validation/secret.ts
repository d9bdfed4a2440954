import type { KindStrategy } from './kind-strategy.ts';
import { secretWarnings } from './warnings/kind-warnings.ts';

export const secretStrategy: KindStrategy = {
  warnings: secretWarnings,
  updateWarnings: secretWarnings,
  prepareCreate(object) {
    object['type'] ??= 'Opaque';
  },
};
