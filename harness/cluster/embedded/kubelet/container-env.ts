import { WavetankError } from '../../../../core/errors.ts';
import type { KubeObject } from '../kube-object.ts';
import type { NodeFacts } from './downward.ts';
import { fieldValue, resourceValue } from './downward.ts';
import type { Container, EnvVar, KeyRef, Pod } from './pod-types.ts';

/** Gives a ConfigMap or Secret of the pod's namespace, or undefined. */
export type ObjectLookup = (kind: 'configmap' | 'secret', name: string) => KubeObject | undefined;

export interface EnvContext {
  readonly pod: Pod;
  readonly node: NodeFacts;
  readonly podIp: string | undefined;
  readonly lookup: ObjectLookup;
  readonly imageEnv: Readonly<Record<string, string>>;
}

/** Why a container cannot be made from its spec as things stand; becomes the waiting reason CreateContainerConfigError. */
export function configError(message: string): WavetankError {
  return new WavetankError('CREATE_CONTAINER_CONFIG', message);
}

/** @throws WavetankError CREATE_CONTAINER_CONFIG when a ConfigMap, Secret or key is missing. */
export function containerEnv(container: Container, context: EnvContext): Record<string, string> {
  const env: Record<string, string> = {};
  for (const source of container.envFrom ?? []) {
    for (const kind of ['configmap', 'secret'] as const) {
      const ref = kind === 'configmap' ? source.configMapRef : source.secretRef;
      if (!ref) continue;
      for (const [key, value] of Object.entries(wholeObject(kind, ref, context)))
        env[`${source.prefix ?? ''}${key}`] = value.toString('utf8');
    }
  }
  for (const variable of container.env ?? []) {
    const value = variableValue(variable, container, context, env);
    if (value !== undefined) env[variable.name] = value;
  }
  return { ...context.imageEnv, HOSTNAME: context.pod.spec.hostname ?? context.pod.metadata.name ?? '', ...env };
}

function wholeObject(
  kind: 'configmap' | 'secret',
  ref: { name?: string; optional?: boolean },
  context: EnvContext,
): Record<string, Buffer> {
  const found = context.lookup(kind, ref.name ?? '');
  if (found) return dataOf(kind, found);
  if (ref.optional) return {};
  throw configError(`${kind} "${ref.name ?? ''}" not found`);
}

function variableValue(
  variable: EnvVar,
  container: Container,
  context: EnvContext,
  soFar: Record<string, string>,
): string | undefined {
  const from = variable.valueFrom;
  if (!from) return expand(variable.value ?? '', { ...context.imageEnv, ...soFar });
  if (from.fieldRef) return fieldValue(context.pod, from.fieldRef.fieldPath, context.node, context.podIp);
  if (from.resourceFieldRef) return resourceValue(context.pod, container, from.resourceFieldRef, context.node);
  if (from.configMapKeyRef) return keyValue('configmap', from.configMapKeyRef, context);
  if (from.secretKeyRef) return keyValue('secret', from.secretKeyRef, context);
  return '';
}

function keyValue(kind: 'configmap' | 'secret', ref: KeyRef, context: EnvContext): string | undefined {
  const found = context.lookup(kind, ref.name ?? '');
  if (!found) {
    if (ref.optional) return undefined;
    throw configError(`${kind} "${ref.name ?? ''}" not found`);
  }
  const value = dataOf(kind, found)[ref.key];
  if (value !== undefined) return value.toString('utf8');
  if (ref.optional) return undefined;
  const what = kind === 'configmap' ? 'ConfigMap' : 'Secret';
  throw configError(`couldn't find key ${ref.key} in ${what} ${context.pod.metadata.namespace}/${ref.name ?? ''}`);
}

/** The bytes of a ConfigMap's or Secret's keys. */
export function dataOf(kind: 'configmap' | 'secret', object: KubeObject): Record<string, Buffer> {
  const data = (object['data'] ?? {}) as Record<string, string>;
  const binary = (object['binaryData'] ?? {}) as Record<string, string>;
  const plain = kind === 'secret' ? 'base64' : 'utf8';
  return Object.fromEntries([
    ...Object.entries(data).map(([key, value]) => [key, Buffer.from(value, plain)] as const),
    ...Object.entries(binary).map(([key, value]) => [key, Buffer.from(value, 'base64')] as const),
  ]);
}

/** `$(NAME)` becomes the variable, `$$` a dollar; an unknown name stays as it is written. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^()]*)\)/g, (match, name: string | undefined) =>
    match === '$$' ? '$' : (env[name ?? ''] ?? match),
  );
}
