import type { Clock } from '../../../core/clock.ts';
import { WavetankError } from '../../../core/errors.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import type { ApiConnection } from './api-connection.ts';
import type { Pair } from './differences.ts';
import { collectionOf, FUZZ_KIND_BY_RESOURCE } from './kinds.ts';
import { Memory } from './memory.ts';
import { Normaliser } from './normalise.ts';
import { cleanNamespace, prepareNamespace } from './namespace.ts';
import { withMetadata } from './request-parts.ts';
import type { Answer, Step } from './step.ts';

const MARKER = 'zz-marker';
/** Finalizers that a controller takes away. */
const COLLECTED = new Set(['foregroundDeletion', 'orphan', 'kubernetes.io/pvc-protection']);
const WATCH_TIMEOUT_MS = 20_000;
const CONTROLLER_TIMEOUT_MS = 20_000;

export interface Servers {
  readonly real: ApiConnection;
  readonly embedded: ApiConnection;
  readonly clock: Clock;
}

interface ControlledObject {
  readonly kind?: string;
  readonly spec?: { readonly volumeName?: string; readonly storageClassName?: string };
  readonly metadata?: {
    readonly name?: string;
    readonly finalizers?: readonly string[];
    readonly deletionTimestamp?: string;
  };
  readonly status?: { readonly phase?: string };
}

/** One server's side of a sequence. */
class Side {
  readonly #api: ApiConnection;
  readonly #clock: Clock;
  readonly #memory: Memory;
  readonly #answers: Promise<Answer>[] = [];
  readonly #watches = new AbortController();
  readonly #outside = new Set<string>();

  constructor(api: ApiConnection, clock: Clock, namespace: string) {
    this.#api = api;
    this.#clock = clock;
    this.#memory = new Memory(namespace);
  }

  async send(step: Step): Promise<void> {
    const request = this.#memory.request(step);
    if (step.watches !== undefined) {
      const { finished } = await this.#api.watch(request, overFor(request.path), this.#watches.signal);
      this.#answers.push(finished);
      return;
    }
    const answer = await this.#api.send(request);
    this.#memory.learn(resourceOf(request.path), answer);
    this.#noteOutside(request.path, answer);
    this.#answers.push(Promise.resolve(answer));
    if (step.awaitsController !== undefined && answer.code < 300) await this.#awaitController(request.path);
  }

  /** Ends the watches of a kind with an object that all of them see. */
  async mark(resource: string): Promise<void> {
    const kind = FUZZ_KIND_BY_RESOURCE.get(resource);
    const sample = kind?.samples[0];
    if (kind === undefined || sample === undefined) return;
    const metadata = { name: MARKER, labels: { tier: 'marker', sequence: '{ns}' } };
    const value = withMetadata(sample, metadata);
    const request = this.#memory.request({
      index: -1,
      method: 'POST',
      path: collectionOf(kind),
      headers: { 'content-type': 'application/json' },
      body: { form: 'object', value, edits: [], encoding: 'json' },
    });
    const { code } = await this.#api.send(request);
    if (code !== 201)
      throw new WavetankError('DIFFER_MARKER_REFUSED', `the marker of ${resource} was refused (${code})`);
  }

  /** Paths of objects of the whole cluster that its requests made, whatever name they got. */
  get outside(): readonly string[] {
    return [...this.#outside];
  }

  #noteOutside(path: string, { code, body }: Answer): void {
    const resource = resourceOf(path);
    const kind = FUZZ_KIND_BY_RESOURCE.get(resource);
    const { metadata } = (body ?? {}) as ControlledObject;
    if (code === 201 && kind?.namespaced === false && metadata?.name !== undefined && !path.includes('dryRun'))
      this.#outside.add(`${collectionOf(kind)}/${encodeURIComponent(metadata.name)}`);
  }

  /** Once all watches have seen their marker, or have waited for it long enough. */
  async answers(): Promise<Answer[]> {
    const answers = Promise.all(this.#answers);
    const waits = new AbortController();
    const givesUp = this.#clock.sleep(WATCH_TIMEOUT_MS, waits.signal).then(
      () => this.#watches.abort(),
      // All have ended before.
      () => undefined,
    );
    const all = await answers;
    waits.abort();
    await givesUp;
    return all;
  }

  async #awaitController(path: string): Promise<void> {
    const item = { method: 'GET', path: path.split('?')[0] ?? path, headers: {}, body: undefined };
    await waitUntil(
      `a controller to act on ${item.path}`,
      async () => {
        const { body } = await this.#api.send(item);
        const { metadata } = body as ControlledObject;
        const { finalizers = [], deletionTimestamp } = metadata ?? {};
        const isHeld = finalizers.some((name) => COLLECTED.has(name)) && deletionTimestamp !== undefined;
        return isHeld || (await this.#isToBeReset(body as ControlledObject)) ? undefined : true;
      },
      { clock: this.#clock, timeoutMs: CONTROLLER_TIMEOUT_MS },
    );
  }

  /** A claim that waits for a volume is pending again, whatever was written into its status. */
  async #isToBeReset({ kind, spec, status }: ControlledObject): Promise<boolean> {
    if (kind !== 'PersistentVolumeClaim' || status?.phase === 'Pending') return false;
    if (spec?.volumeName || !spec?.storageClassName) return true;
    const path = `/apis/storage.k8s.io/v1/storageclasses/${spec.storageClassName}`;
    const { body } = await this.#api.send({ method: 'GET', path, headers: {}, body: undefined });
    return (body as { volumeBindingMode?: string }).volumeBindingMode === 'WaitForFirstConsumer';
  }
}

/** A watch has been seen when its marker came, and the bookmark that ends the initial events, which may come later. */
function overFor(path: string): (events: readonly unknown[]) => boolean {
  const awaitsBookmark = path.includes('sendInitialEvents=true') && path.includes('allowWatchBookmarks=true');
  return (events) => events.some(isMarker) && (!awaitsBookmark || events.some(isBookmark));
}

function isBookmark(event: unknown): boolean {
  return (event as { type?: string }).type === 'BOOKMARK';
}

function isMarker(event: unknown): boolean {
  return (event as { object?: { metadata?: { name?: string } } }).object?.metadata?.name === MARKER;
}

/** The plural that a path is about. */
export function resourceOf(path: string): string {
  const segments = (path.split('?')[0] ?? '').split('/').filter(Boolean);
  const rest = segments.slice(segments[0] === 'api' ? 2 : 3);
  const isInside = rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize';
  return (isInside ? rest[2] : rest[0]) ?? '';
}

/** Sends the steps to both servers, each step when both have answered the one before, and makes the answers comparable. */
export async function runSequence(servers: Servers, namespace: string, steps: readonly Step[]): Promise<Pair[]> {
  const { real, embedded, clock } = servers;
  const apis = [real, embedded];
  await Promise.all(apis.map((api) => prepareNamespace(api, clock, namespace)));
  const sides = apis.map((api) => new Side(api, clock, namespace));
  try {
    for (const step of steps) await Promise.all(sides.map((side) => side.send(step)));
    const watched = new Set(steps.flatMap(({ watches }) => watches ?? []));
    for (const resource of watched) await Promise.all(sides.map((side) => side.mark(resource)));
    const [ofReal = [], ofEmbedded = []] = await Promise.all(sides.map((side) => side.answers()));
    return pairsOf(steps, ofReal, ofEmbedded);
  } finally {
    const used = new Set(steps.map(({ path }) => resourceOf(path)));
    await Promise.all(apis.map((api, index) => cleanNamespace(api, namespace, used, sides[index]?.outside ?? [])));
  }
}

function pairsOf(steps: readonly Step[], ofReal: readonly Answer[], ofEmbedded: readonly Answer[]): Pair[] {
  const real = new Normaliser();
  const embedded = new Normaliser();
  return steps.flatMap((step, index) => {
    const answers = [ofReal[index], ofEmbedded[index]];
    const [a, b] = answers;
    if (a === undefined || b === undefined) return [];
    const resource = resourceOf(step.path);
    return [{ step, real: real.answer(a, resource), embedded: embedded.answer(b, resource) }];
  });
}
