import type { ApiCore } from '../api-core.ts';
import type { Change } from '../store/store.ts';

/**
 * Runs `sync` after writes until it finds nothing more to do: controllers here look at the whole state, since it is small and local.
 * What changed is passed on for those that keep an index; without it, everything may have changed.
 * `isInteresting` says by resource key whether a change can matter.
 */
export function startLevelLoop(
  core: ApiCore,
  isInteresting: (resource: string) => boolean,
  sync: (changes?: readonly Change[]) => void,
): { stop(): void } {
  let seen = core.store.version;
  let isStopped = false;
  const onChange = (): void => {
    if (isStopped) return;
    const changes = core.store.changesAfter(seen);
    const lostSome = seen < core.store.oldestVersion;
    seen = core.store.version;
    if (lostSome || changes.some(({ resource }) => isInteresting(resource))) sync(lostSome ? undefined : changes);
  };
  const subscription = core.store.onChange(onChange);
  sync();
  return {
    stop() {
      isStopped = true;
      subscription.stop();
    },
  };
}
