import { checkEnv } from './environment.ts';
import type { Causes, Json } from './field-causes.ts';
import { checkName, checkOneOf, child, duplicate, forbidden, invalid, list, required, text } from './field-causes.ts';
import { checkMounts } from './mounts.ts';
import { dnsLabel } from './names.ts';
import { checkHostPorts, checkPorts } from './ports.ts';
import { checkLifecycle, checkProbes } from './probes.ts';
import { checkResources } from './resources.ts';
import { checkContainerSecurity } from './security-context.ts';

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'];
const ONLY_SIDECARS = 'may not be set for init containers without restartPolicy=Always';

export interface PodContext {
  readonly spec: Json;
  readonly volumes: ReadonlyMap<string, Json>;
}

export function checkContainers(causes: Causes, pod: PodContext): void {
  const containers = list(pod.spec, 'containers');
  const names = new Set<string>();
  if (containers.length === 0) causes.push(required('spec.containers'));
  for (const [index, container] of containers.entries()) {
    const at = `spec.containers[${index}]`;
    checkContainer(causes, at, container, pod);
    checkUnique(causes, at, container, names);
    // Of these even the name that is none is taken once it has been there.
    names.add(text(container, 'name'));
    checkLifecycle(causes, at, container, pod.spec);
    checkProbes(causes, at, container);
  }
  checkHostPorts(causes, 'spec.containers', containers);
  for (const [index, container] of list(pod.spec, 'initContainers').entries()) {
    checkInitContainer(causes, `spec.initContainers[${index}]`, container, pod, names);
  }
}

function checkUnique(causes: Causes, at: string, container: Json, names: Set<string>): void {
  const name = text(container, 'name');
  if (names.has(name)) causes.push(duplicate(`${at}.name`, name));
  else if (name !== '') names.add(name);
}

function checkInitContainer(causes: Causes, at: string, container: Json, pod: PodContext, names: Set<string>): void {
  checkContainer(causes, at, container, pod);
  checkUnique(causes, at, container, names);
  if (container['restartPolicy'] === 'Always') {
    checkLifecycle(causes, at, container, pod.spec);
    checkProbes(causes, at, container);
  } else {
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']) {
      if (container[field] !== undefined) causes.push(forbidden(`${at}.${field}`, ONLY_SIDECARS));
    }
  }
  checkHostPorts(causes, at, [container]);
}

/** What containers of every sort have in common. */
function checkContainer(causes: Causes, at: string, container: Json, pod: PodContext): void {
  const name = text(container, 'name');
  if (name === '') causes.push(required(`${at}.name`));
  else checkName(causes, `${at}.name`, name, dnsLabel);
  checkImage(causes, `${at}.image`, text(container, 'image'));
  checkOneOf(causes, `${at}.terminationMessagePolicy`, container['terminationMessagePolicy'], MESSAGE_POLICIES);
  checkPorts(causes, `${at}.ports`, list(container, 'ports'), pod.spec['hostNetwork'] === true);
  checkEnv(causes, at, container);
  checkMounts(causes, at, container, pod.volumes);
  checkOneOf(causes, `${at}.imagePullPolicy`, container['imagePullPolicy'], PULL_POLICIES);
  checkResources(causes, `${at}.resources`, child(container, 'resources'));
  checkContainerSecurity(
    causes,
    `${at}.securityContext`,
    child(container, 'securityContext'),
    pod.spec['hostUsers'] !== false,
  );
}

export function checkImage(causes: Causes, field: string, image: string): void {
  if (image === '') causes.push(required(field));
  else if (image !== image.trim()) causes.push(invalid(field, image, 'must not have leading or trailing whitespace'));
}
