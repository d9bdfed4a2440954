import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import type { Entropy } from './entropy.ts';
import { systemEntropy } from './entropy.ts';
import type { Logger } from './log.ts';
import { silentLogger } from './log.ts';
import type { Native } from './native.ts';
import { createNative } from './native.ts';
import type { Net } from './net.ts';
import { createNet } from './net.ts';

/** All that a product may touch of the outside world, besides the URLs and credentials it is configured with. */
export interface Seams {
  readonly clock: Clock;
  readonly net: Net;
  readonly entropy: Entropy;
  readonly native: Native;
  readonly log: Logger;
}

/** Real seams; whoever calls this owns `net` and closes it. */
export function systemSeams(overrides: Partial<Seams> = {}): Seams {
  return {
    clock: overrides.clock ?? systemClock,
    net: overrides.net ?? createNet(),
    entropy: overrides.entropy ?? systemEntropy,
    native: overrides.native ?? createNative(),
    log: overrides.log ?? silentLogger,
  };
}
