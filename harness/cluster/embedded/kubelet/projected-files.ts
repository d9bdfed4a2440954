import type { EnvContext } from './container-env.ts';
import { configError, dataOf } from './container-env.ts';
import { fieldValue, resourceValue } from './downward.ts';
import type { DownwardFile, KeyToPath, Volume } from './pod-types.ts';

export interface ProjectedFile {
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

const DEFAULT_MODE = 0o644;

/**
 * The files of a configMap, secret, downwardAPI or projected volume; undefined for other volumes.
 * @throws WavetankError CREATE_CONTAINER_CONFIG when something is missing; the kubelet says FailedMount and waits.
 */
export function projectedFiles(volume: Volume, context: EnvContext): readonly ProjectedFile[] | undefined {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap)
    return objectFiles('configmap', configMap.name ?? '', configMap, configMap.defaultMode ?? DEFAULT_MODE, context);
  if (secret)
    return objectFiles('secret', secret.secretName ?? '', secret, secret.defaultMode ?? DEFAULT_MODE, context);
  if (downwardAPI) return downwardFiles(downwardAPI.items ?? [], downwardAPI.defaultMode ?? DEFAULT_MODE, context);
  if (!projected) return undefined;
  const mode = projected.defaultMode ?? DEFAULT_MODE;
  return (projected.sources ?? []).flatMap((source) => [
    ...(source.configMap ? objectFiles('configmap', source.configMap.name ?? '', source.configMap, mode, context) : []),
    ...(source.secret ? objectFiles('secret', source.secret.name ?? '', source.secret, mode, context) : []),
    ...(source.downwardAPI ? downwardFiles(source.downwardAPI.items ?? [], mode, context) : []),
  ]);
}

interface ObjectSource {
  readonly items?: KeyToPath[];
  readonly optional?: boolean;
}

function objectFiles(
  kind: 'configmap' | 'secret',
  name: string,
  source: ObjectSource,
  mode: number,
  context: EnvContext,
): ProjectedFile[] {
  const found = context.lookup(kind, name);
  if (!found) {
    if (source.optional) return [];
    throw configError(`${kind} "${name}" not found`);
  }
  const data = dataOf(kind, found);
  if (!source.items) return Object.entries(data).map(([path, content]) => ({ path, content, mode }));
  return source.items.flatMap((item) => {
    const content = data[item.key];
    if (content) return [{ path: item.path, content, mode: item.mode ?? mode }];
    if (source.optional) return [];
    throw configError(`references non-existent ${kind === 'secret' ? 'secret' : 'config'} key: ${item.key}`);
  });
}

function downwardFiles(items: readonly DownwardFile[], mode: number, context: EnvContext): ProjectedFile[] {
  return items.map((item) => {
    const [anyContainer] = context.pod.spec.containers;
    const value = item.fieldRef
      ? fieldValue(context.pod, item.fieldRef.fieldPath, context.node, context.podIp)
      : item.resourceFieldRef && anyContainer
        ? resourceValue(context.pod, anyContainer, item.resourceFieldRef, context.node)
        : '';
    return { path: item.path, content: Buffer.from(value), mode: item.mode ?? mode };
  });
}
