import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** wavetank's own, as its package says. The package has a manifest beside its compiled code, too. */
export function ownVersion(): string {
  return (require('../../package.json') as { version: string }).version;
}
