import fc from 'fast-check';
import { test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { seededEntropy } from '../../core/entropy.ts';
import { silentLogger } from '../../core/log.ts';
import { waitUntil } from '../../core/wait-until.ts';
import type { KubeClient, WatchEvent, WatchOptions } from './client.ts';
import { KubeError } from './kube-error.ts';
import type { KubeObject } from './objects.ts';
import { PODS } from './objects.ts';
import { startReflector } from './reflector.ts';

interface Thing extends KubeObject {
  value?: number;
}

/** What goes wrong on the way of one event. */
type Trouble = 'none' | 'duplicate' | 'reorder' | 'reset' | 'expire' | 'bookmark';

/** A server with one kind of resource and a bad line to it. */
class TroubledServer {
  readonly objects = new Map<string, Thing>();
  readonly changes: WatchEvent<Thing>[] = [];
  lists = 0;
  version = 1;
  refusals = 0;
  /** How the next watches go wrong: after so many events, this. */
  readonly troubles: Trouble[];
  oldest = 0;
  readonly #wakers = new Set<() => void>();

  constructor(troubles: readonly Trouble[]) {
    this.troubles = [...troubles];
  }

  write(name: string, value: number | undefined): void {
    const known = this.objects.get(name);
    if (known === undefined && value === undefined) return;
    const metadata = { name, namespace: 'ns', uid: name, resourceVersion: String(++this.version) };
    const object: Thing = { metadata, ...(value === undefined ? {} : { value }) };
    if (value === undefined) this.objects.delete(name);
    else this.objects.set(name, object);
    this.changes.push({ type: value === undefined ? 'DELETED' : known ? 'MODIFIED' : 'ADDED', object });
    for (const wake of this.#wakers) wake();
  }

  readonly client = {
    list: (_resource: unknown) => {
      this.lists++;
      if (this.refusals-- > 0) return Promise.reject(new Error('socket hang up'));
      return Promise.resolve({
        metadata: { resourceVersion: String(this.version) },
        items: [...this.objects.values()],
      });
    },
    watch: (_resource: unknown, options: WatchOptions) => this.#watch(options),
  } as unknown as KubeClient;

  async *#watch({ resourceVersion = '0', signal }: WatchOptions): AsyncGenerator<WatchEvent<Thing>> {
    let from = Number(resourceVersion);
    if (from < this.oldest)
      throw new KubeError({ kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }, 'watch');
    for (;;) {
      const next = this.changes.find((change) => Number(change.object.metadata.resourceVersion) > from);
      if (next === undefined) {
        await this.#change(signal);
        continue;
      }
      const trouble = this.troubles.shift() ?? 'none';
      if (trouble === 'reset') throw new Error('read ECONNRESET');
      if (trouble === 'expire') this.oldest = this.version;
      if (trouble === 'expire')
        throw new KubeError({ kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }, 'watch');
      const after = this.changes.find(
        (change) => Number(change.object.metadata.resourceVersion) > Number(next.object.metadata.resourceVersion),
      );
      if (trouble === 'reorder' && after !== undefined) yield after;
      yield next;
      if (trouble === 'duplicate') yield next;
      from = Number((trouble === 'reorder' && after !== undefined ? after : next).object.metadata.resourceVersion);
      if (trouble === 'bookmark')
        yield { type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion: String(from) } } };
    }
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#wakers.delete(done);
        resolve();
      };
      this.#wakers.add(done);
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      if (signal?.aborted) reject(signal.reason as Error);
    });
  }
}

const seams = { clock: systemClock, entropy: seededEntropy(1), log: silentLogger };
const backoff = { firstMs: 1, longestMs: 2 };

function contents(things: readonly Thing[]): string {
  return things
    .map(({ metadata, value }) => `${metadata.name}=${value}@${metadata.resourceVersion}`)
    .toSorted()
    .join(' ');
}

test('the cache becomes what the server has, through duplicates, reordering, resets and expired versions', async ({
  expect,
}) => {
  const trouble = fc.constantFrom<Trouble>('none', 'duplicate', 'reorder', 'reset', 'expire', 'bookmark');
  const write = fc.record({ name: fc.constantFrom('a', 'b', 'c'), value: fc.option(fc.nat(9), { nil: undefined }) });
  const result = await fc.check(
    fc.asyncProperty(
      fc.array(trouble, { maxLength: 12 }),
      fc.array(write, { minLength: 1, maxLength: 20 }),
      async (troubles, writes) => {
        const server = new TroubledServer(troubles);
        await using reflector = startReflector<Thing>({ client: server.client, seams, resource: PODS, backoff });
        await reflector.synced;
        for (const [i, { name, value }] of writes.entries()) {
          server.write(name, value);
          if (i % 3 === 0) await new Promise(setImmediate);
        }
        await waitUntil(
          'the cache to be as the server',
          () => (contents(reflector.cache.list()) === contents([...server.objects.values()]) ? true : undefined),
          { clock: systemClock, timeoutMs: 3000, intervalMs: 1 },
        );
      },
    ),
    { numRuns: 60, seed: 5 },
  );
  expect(result.failed ? fc.defaultReportMessage(result) : undefined).toBeUndefined();
});

test('a stream that is not in order is not believed: the reflector lists again', async ({ expect }) => {
  const server = new TroubledServer(['reorder']);
  await using reflector = startReflector<Thing>({ client: server.client, seams, resource: PODS, backoff });
  await reflector.synced;
  server.write('a', 1);
  server.write('b', 2);
  await waitUntil('both', () => (reflector.cache.size === 2 ? true : undefined), {
    clock: systemClock,
    timeoutMs: 3000,
    intervalMs: 1,
  });
  expect(server.lists).toBe(2);
});

test('handlers hear every difference of a list after a gap', async ({ expect }) => {
  const server = new TroubledServer(['reset', 'expire']);
  server.write('kept', 1);
  server.write('lost', 1);
  const heard: string[] = [];
  await using reflector = startReflector<Thing>({ client: server.client, seams, resource: PODS, backoff });
  reflector.cache.onChange((key, object) => heard.push(`${key}=${object?.value}`));
  await reflector.synced;
  server.write('lost', undefined);
  server.write('new', 2);
  await waitUntil('the new one', () => reflector.cache.get('ns/new'), {
    clock: systemClock,
    timeoutMs: 3000,
    intervalMs: 1,
  });
  expect(heard.toSorted()).toEqual(['ns/kept=1', 'ns/lost=1', 'ns/lost=undefined', 'ns/new=2']);
  expect(server.lists).toBe(2);
});

test('a server that does not answer is asked again until it does', async ({ expect }) => {
  const server = new TroubledServer([]);
  server.refusals = 3;
  await using reflector = startReflector<Thing>({ client: server.client, seams, resource: PODS, backoff });
  expect(reflector.hasSynced).toBe(false);
  await reflector.synced;
  expect(server.lists).toBe(4);
});

test('the answer to an own write is not undone by older events', async ({ expect }) => {
  const server = new TroubledServer([]);
  server.write('a', 1);
  await using reflector = startReflector<Thing>({
    client: server.client,
    seams,
    resource: PODS,
    backoff,
    indexers: { byValue: ({ value }) => [String(value)] },
  });
  await reflector.synced;
  const own: Thing = { metadata: { name: 'a', namespace: 'ns', uid: 'a', resourceVersion: '9' }, value: 9 };
  reflector.cache.put(own);
  server.write('a', 2);
  server.write('b', 3);
  await waitUntil('b', () => reflector.cache.get('ns/b'), { clock: systemClock, timeoutMs: 3000, intervalMs: 1 });
  expect(reflector.cache.get('ns/a')).toBe(own);
  expect(reflector.cache.byIndex('byValue', '9')).toEqual([own]);
  expect(reflector.cache.byIndex('byValue', '1')).toEqual([]);
});

test('a stopped reflector stops at once, also before its first list', async ({ expect }) => {
  const server = new TroubledServer([]);
  server.refusals = 1_000_000;
  const reflector = startReflector<Thing>({ client: server.client, seams, resource: PODS, backoff });
  await reflector.stop();
  await expect(reflector.synced).rejects.toMatchObject({ code: 'REFLECTOR_STOPPED' });
});
