import type { CoreV1Api, KubeConfig as Config, V1Pod } from '@kubernetes/client-node';
import { ApiException, KubeConfig, Watch } from '@kubernetes/client-node';

/** What every part of the contract works with, once the cluster runs. */
export interface Connection {
  readonly config: Config;
  readonly core: CoreV1Api;
  readonly namespace: string;
  readonly forget?: () => void;
}

/** What clusters may rightly differ in. */
export interface ClusterContractFlags {
  /** Whether a CRD with validation rules (CEL) is refused, which the embedded cluster does and a real one does not. */
  readonly refusesCel: boolean;
  /** An image with a shell that the node has; without one no pod is run. */
  readonly podImage?: string;
}

/** A copy with some fields changed; the library's own class is of no importance to it. */
export function changed<T extends object>(object: T, changes: Partial<T>): T {
  return Object.assign(structuredClone(object), changes);
}

export function map(
  name: string,
  data: Record<string, string> = {},
): { metadata: { name: string }; data: Record<string, string> } {
  return { metadata: { name }, data };
}

/** Runs on no node: the contract is about the API, the kubelet has its own. */
export function pod(name: string): V1Pod {
  return {
    metadata: { name },
    spec: {
      schedulerName: 'nobody',
      containers: [
        { name: 'main', image: 'example/main:1' },
        { name: 'side', image: 'example/side:1' },
      ],
    },
  };
}

/** The Status that a refused call carries. */
export async function statusOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    // Some answers the client library throws without a body.
    if (error.body === undefined) return { code: error.code };
    return typeof error.body === 'string' ? (JSON.parse(error.body) as unknown) : (error.body as unknown);
  }
  return 'accepted';
}

interface Watched {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Follows a watch and tells its events as `TYPE name`, or as `describeEvent` puts them. */
export function collect(
  config: KubeConfig,
  path: string,
  query: Record<string, unknown>,
  describeEvent?: (object: Watched) => string,
): { take(count: number, ends?: boolean): Promise<string[]>; until(event: string): Promise<void> } {
  const events: string[] = [];
  let notify = (): void => undefined;
  const finished = (error: unknown): void => {
    if (error instanceof Error && error.name !== 'AbortError') events.push(`ERROR ${error.message}`);
    notify();
  };
  const opened = new Watch(config).watch(
    path,
    query as Record<string, string>,
    (type: string, object: Watched) => {
      events.push(describeEvent ? describeEvent(object) : `${type} ${object.metadata.name}`);
      notify();
    },
    finished,
  );
  const when = async (isEnough: () => boolean): Promise<void> => {
    while (!isEnough()) {
      await new Promise<void>((resolve) => {
        notify = resolve;
      });
    }
  };
  const stop = async (): Promise<void> => (await opened).abort();
  return {
    async take(count, ends = true) {
      await when(() => events.length >= count);
      if (ends) await stop();
      return events.slice(0, count);
    },
    async until(event) {
      await when(() => events.includes(event));
      await stop();
    },
  };
}

export function asToken(config: KubeConfig, token: string): KubeConfig {
  const other = new KubeConfig();
  const cluster = config.getCurrentCluster();
  if (cluster === null) return other;
  other.loadFromClusterAndUser(cluster, { name: 'bearer', token });
  return other;
}
