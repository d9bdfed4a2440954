import type { Net } from '../../../core/net.ts';
import type { Component, RunningTestbed } from '../../running-testbed.ts';
import { createNet } from '../../../core/net.ts';
import type { Moment, Write } from './crash-net.ts';
import { createCrashNet } from './crash-net.ts';
import type { JobNeedles } from './writes.ts';
import { COMPONENT_OF_PART, labelOf } from './writes.ts';

/** Where a component dies: at its nth write of this kind for one job. */
export interface KillPoint extends JobWrite {
  readonly moment: Moment;
}

export function nameOf({ component, label, nth, moment }: KillPoint): string {
  return `${component} ${moment} ${label}${nth > 1 ? ` (${nth})` : ''}`;
}

export interface JobWrite {
  readonly component: Component;
  readonly label: string;
  /** From 1. */
  readonly nth: number;
}

/** A job whose writes are watched. */
export interface WatchedJob {
  /** Its writes so far, in their order. */
  readonly writes: readonly JobWrite[];
  /** Points that were reached. */
  readonly reached: readonly KillPoint[];
  /** It was started anew under another id. */
  follow(needles: JobNeedles): void;
  forget(): void;
}

interface Watch {
  needles: JobNeedles;
  readonly points: readonly KillPoint[];
  readonly writes: JobWrite[];
  readonly reached: KillPoint[];
}

/** Kills components of a testbed at their writes, and starts them again. */
export class Crashes {
  readonly #watches = new Set<Watch>();
  readonly #restarts = new Set<Promise<void>>();
  #testbed: RunningTestbed | undefined;

  /** For `TestbedRuntime.newNet`. */
  newNet(part: string): Net {
    const component = COMPONENT_OF_PART[part];
    if (component === undefined) return createNet();
    return createCrashNet(
      (write) => this.#judge(component, write),
      () => this.#restart(component),
    );
  }

  attach(testbed: RunningTestbed): void {
    this.#testbed = testbed;
  }

  /** Kills a component; until it is told to come back, nobody counts as recovered. */
  async leave(component: Component): Promise<() => Promise<void>> {
    const { promise: isBack, resolve, reject } = Promise.withResolvers<void>();
    this.#await(isBack);
    await this.#testbed?.kill(component);
    return async () => {
      try {
        await this.#testbed?.restart(component);
        resolve();
      } catch (error) {
        reject(error);
        throw error;
      }
    };
  }

  /** Every component runs again. @throws whatever a restart failed with */
  async recovered(): Promise<void> {
    while (this.#restarts.size > 0) await Promise.all(this.#restarts);
  }

  /** Counts the job's writes from now on, and kills at the given points. */
  watch(needles: JobNeedles, points: readonly KillPoint[] = []): WatchedJob {
    const watch: Watch = { needles, points, writes: [], reached: [] };
    this.#watches.add(watch);
    const { writes, reached } = watch;
    const follow = (renamed: JobNeedles): void => {
      watch.needles = renamed;
    };
    return { writes, reached, follow, forget: () => void this.#watches.delete(watch) };
  }

  #judge(component: Component, write: Write): Moment | undefined {
    for (const watch of this.#watches) {
      const label = labelOf(write, watch.needles);
      if (label === undefined) continue;
      const isSame = (one: JobWrite): boolean => one.component === component && one.label === label;
      const nth = watch.writes.filter(isSame).length + 1;
      watch.writes.push({ component, label, nth });
      const point = watch.points.find((one) => isSame(one) && one.nth === nth);
      if (point === undefined) continue;
      watch.reached.push(point);
      return point.moment;
    }
    return undefined;
  }

  #restart(component: Component): void {
    this.#await(this.#testbed?.restart(component) ?? Promise.resolve());
  }

  #await(restart: Promise<void>): void {
    this.#restarts.add(restart);
    restart.then(
      () => this.#restarts.delete(restart),
      () => undefined,
    );
  }
}
