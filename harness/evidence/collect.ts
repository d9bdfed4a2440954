import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { redact } from '../../core/redact.ts';
import type { TestbedConfig } from '../config/testbed-config.ts';
import type { Observer } from '../observe/observer.ts';
import type { RunningTestbed } from '../running-testbed.ts';
import { withoutPaths } from './without-paths.ts';

/** Lists of the cluster that tell what happened. Secrets are not among them. */
const LISTS: Readonly<Record<string, string>> = {
  'pods.json': '/api/v1/pods',
  'events.json': '/api/v1/events',
  'persistentvolumeclaims.json': '/api/v1/persistentvolumeclaims',
  'networkpolicies.json': '/apis/networking.k8s.io/v1/networkpolicies',
  'workflows.json': '/apis/oceanprotocol.com/v1alpha1/workflows',
};

/**
 * Writes down the state of a testbed whose scenario failed, while it still stands: objects, buckets, stage logs, the parts' own
 * lines, how it was configured, the measured capabilities. What cannot be had is written down as such. No secret goes into it.
 */
export async function collectEvidence(
  { observe, capabilities, timings }: RunningTestbed,
  folder: string,
  config: TestbedConfig,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const save = async (name: string, content: () => unknown): Promise<void> => {
    const value = await Promise.resolve()
      .then(content)
      .catch((error: unknown) => ({ couldNotBeRead: messageOf(error) }));
    const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
    await writeFile(path.join(folder, name), `${redact(text)}\n`, { mode: 0o600 });
  };
  await Promise.all([
    ...Object.entries(LISTS).map(([name, route]) => save(name, () => observe.list(route))),
    save('pods-ever-created.json', () => observe.podsEverCreated()),
    save('objects.json', () => listObjects(observe)),
    save('stage-logs.txt', () => stageLogs(observe)),
    save('parts.ndjson', () => observe.logLines().join('\n')),
    exportClusterLogs(observe, path.join(folder, 'cluster')),
    save('testbed.json', () => ({ config: withoutPaths(config), capabilities, timings })),
  ]);
}

/** As the cluster's own tools write them; that they could not is no reason to lose the rest. */
async function exportClusterLogs(observe: Observer, folder: string): Promise<void> {
  await observe.exportClusterLogs?.(folder).catch(async (error: unknown) => {
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'missing.txt'), `${redact(messageOf(error))}\n`);
  });
}

async function listObjects(observe: Observer): Promise<unknown> {
  const buckets = await observe.buckets();
  return Object.fromEntries(
    await Promise.all(buckets.map(async (bucket) => [bucket, await observe.objects(bucket)] as const)),
  );
}

/** Logs of configure and publish, as operators read them. */
async function stageLogs(observe: Observer): Promise<string> {
  const logs = await observe.objects(observe.bucketNames.adminLogs);
  const texts = await Promise.all(
    logs.map(
      async ({ bucket, key }) => `== ${key}\n${Buffer.from(await observe.readObject(bucket, key)).toString('utf8')}`,
    ),
  );
  return texts.join('\n');
}
