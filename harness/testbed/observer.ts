import type { Clock } from '../../core/clock.ts';
import type { Entropy } from '../../core/entropy.ts';
import type { ResourceStack } from '../../core/resource.ts';
import { placeOf } from '../../engine/archive/place.ts';
import { machineDifference } from '../accounting/machine.ts';
import type { MachineMarks } from '../accounting/snapshot.ts';
import { takeSnapshot } from '../accounting/snapshot.ts';
import type { AnswerLog } from '../observe/answer-log.ts';
import type { ObservedServer, Observer, StoredObject } from '../observe/observer.ts';
import { startCanaryListeners } from '../observe/start-canary-listeners.ts';
import type { StrayConnections } from '../observe/stray-connections.ts';
import type { LabStorage } from '../storage/lab-storage.ts';
import { noteOutsideFolder } from './outside-notes.ts';
import type { KubeObserver } from './kube-observer.ts';
import type { PartsLog } from './parts-log.ts';

export interface ObserverParts {
  /** Of this testbed. */
  readonly instanceFolder: string;
  /** For what is started on request: a story that is given up stops nothing any more. */
  readonly stack: ResourceStack;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly kube: KubeObserver;
  readonly storage: LabStorage;
  readonly answers: AnswerLog;
  readonly log: PartsLog;
  readonly marks: () => MachineMarks;
  readonly strays: StrayConnections;
  /** Base URLs by name, asked anew each time: a component that was started again may have moved. */
  readonly serverUrls: () => Readonly<Record<string, string>>;
  readonly hostAddressFromPods: string;
  /** Where, besides loopback, pods could reach this machine, and nobody outside it. */
  readonly listenHosts: readonly string[];
  /** Servers outside this process, by name: who only knocks there is not seen. */
  readonly unwatchedServers: ReadonlySet<string>;
  readonly traceLines: () => readonly string[];
  readonly exportLogs: ((folder: string) => Promise<void>) | undefined;
}

export function createObserver(parts: ObserverParts): Observer {
  const { kube, storage, answers, log, clock, entropy } = parts;
  const { admin, buckets } = storage;
  return {
    pods: kube.pods,
    podsEverCreated: kube.podsEverCreated,
    clusterObjects: kube.clusterObjects,
    list: kube.list,
    bucketNames: buckets,
    async buckets() {
      // In somebody else's account only those are of interest that this testbed uses.
      if (storage.s3.backend === 'existing') return [...new Set(Object.values(buckets))];
      return (await admin.listBuckets()).map(({ name }) => name);
    },
    async objects(bucket, prefix = '') {
      const found: StoredObject[] = [];
      const place = placeOf(bucket);
      for await (const item of admin.listObjectsV2(
        place.bucket,
        `${place.prefix}${prefix}`,
        true,
      ) as AsyncIterable<ListedObject>) {
        if (item.name !== undefined)
          found.push({ bucket, key: item.name.slice(place.prefix.length), size: item.size ?? 0 });
      }
      return found;
    },
    async readObject(bucket, key) {
      const chunks: Uint8Array[] = [];
      const place = placeOf(bucket);
      for await (const chunk of (await admin.getObject(
        place.bucket,
        `${place.prefix}${key}`,
      )) as AsyncIterable<Uint8Array>)
        chunks.push(chunk);
      return new Uint8Array(Buffer.concat(chunks));
    },
    startCanaryListeners: () =>
      parts.stack.start('canary listeners', () =>
        startCanaryListeners({
          clock,
          entropy,
          addressFromPods: parts.hostAddressFromPods,
          alsoOn: parts.listenHosts,
          onFolder: (folder) => noteOutsideFolder(parts.instanceFolder, folder),
        }),
      ),
    servers: () => Object.entries(parts.serverUrls()).map(([name, url]) => observedServer(name, url, parts)),
    capturedAnswers: () => answers.all(),
    logLines: () => log.lines,
    traceLines: parts.traceLines,
    machine: async () => takeSnapshot(parts.marks()),
    machineDifference,
    ...(parts.exportLogs === undefined ? {} : { exportClusterLogs: parts.exportLogs }),
  };
}

interface ListedObject {
  readonly name?: string;
  readonly size?: number;
}

function observedServer(
  name: string,
  url: string,
  { hostAddressFromPods, strays, unwatchedServers }: ObserverParts,
): ObservedServer {
  const { hostname, port } = new URL(url);
  return {
    name,
    address: `${hostname}:${port}`,
    addressFromPods: `${hostAddressFromPods}:${port}`,
    strayConnections: () => (unwatchedServers.has(name) ? undefined : strays.countOf(Number(port))),
  };
}
