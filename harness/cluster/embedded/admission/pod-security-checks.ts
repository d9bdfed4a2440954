import { arrayAt, isObject, objectAt, stringAt, valueAt } from '../json.ts';
import type { JsonObject } from '../json.ts';

export interface Violation {
  readonly rule: string;
  readonly detail: string;
}

type Check = (spec: JsonObject) => Violation | undefined;

const BASELINE_CAPABILITIES = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);
const SAFE_SYSCTLS = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
]);
const RESTRICTED_VOLUMES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
  'image',
]);

export function baselineViolations(spec: JsonObject): readonly Violation[] {
  return run(BASELINE, spec);
}

export function restrictedViolations(spec: JsonObject): readonly Violation[] {
  // Restricted's own rules for capabilities and seccomp are stricter forms of the baseline's.
  return run(
    [...BASELINE.filter((check) => check !== baselineCapabilities && check !== baselineSeccomp), ...RESTRICTED],
    spec,
  );
}

function run(checks: readonly Check[], spec: JsonObject): readonly Violation[] {
  return checks.flatMap((check) => check(spec) ?? []);
}

function containersOf(spec: JsonObject): readonly JsonObject[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((field) =>
    arrayAt(spec, field).filter(isObject),
  );
}

const securityOf = (container: JsonObject): JsonObject => objectAt(container, 'securityContext');

/** `container "a"` or `containers "a", "b"` */
function named(containers: readonly JsonObject[]): string {
  const names = containers.map((container) => JSON.stringify(stringAt(container, 'name') ?? ''));
  return `${plural('container', names.length)} ${names.join(', ')}`;
}

function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}

/** One finding for all containers that fail a test. */
function perContainer(rule: string, fails: (container: JsonObject) => boolean, words: string): Check {
  return (spec) => {
    const bad = containersOf(spec).filter(fails);
    return bad.length === 0 ? undefined : { rule, detail: `${named(bad)} must ${words}` };
  };
}

const hostNamespaces: Check = (spec) => {
  const bad = ['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => spec[field] === true);
  return bad.length === 0
    ? undefined
    : { rule: 'host namespaces', detail: bad.map((field) => `${field}=true`).join(', ') };
};

const baselineCapabilities: Check = (spec) =>
  capabilityViolation(spec, 'non-default capabilities', BASELINE_CAPABILITIES);

function capabilityViolation(spec: JsonObject, rule: string, allowed: ReadonlySet<string>): Violation | undefined {
  const bad = containersOf(spec).filter((container) => addedBeyond(container, allowed).length > 0);
  if (bad.length === 0) return undefined;
  const added = [...new Set(bad.flatMap((container) => addedBeyond(container, allowed)))].toSorted();
  return {
    rule,
    detail: `${named(bad)} must not include ${added.map((name) => JSON.stringify(name)).join(', ')} in securityContext.capabilities.add`,
  };
}

function addedBeyond(container: JsonObject, allowed: ReadonlySet<string>): string[] {
  return arrayAt(securityOf(container), 'capabilities', 'add')
    .map(String)
    .filter((name) => !allowed.has(name));
}

const hostPathVolumes: Check = (spec) => {
  const bad = arrayAt(spec, 'volumes').filter((volume) => valueAt(volume, 'hostPath') !== undefined);
  return bad.length === 0
    ? undefined
    : {
        rule: 'hostPath volumes',
        detail: `${plural('volume', bad.length)} ${bad.map((volume) => JSON.stringify(stringAt(volume, 'name'))).join(', ')}`,
      };
};

const hostPorts: Check = (spec) => {
  const ports = (container: JsonObject): number[] =>
    arrayAt(container, 'ports')
      .map((port) => valueAt(port, 'hostPort'))
      .filter((port): port is number => typeof port === 'number' && port !== 0);
  const bad = containersOf(spec).filter((container) => ports(container).length > 0);
  if (bad.length === 0) return undefined;
  const used = [...new Set(bad.flatMap(ports))];
  return {
    rule: 'hostPort',
    detail: `${named(bad)} ${bad.length === 1 ? 'uses' : 'use'} ${plural('hostPort', used.length)} ${used.join(', ')}`,
  };
};

const seccompText = (bad: readonly JsonObject[], podIsBad: boolean, types: readonly string[]): string => {
  const setters = [...(podIsBad ? ['pod'] : []), ...(bad.length > 0 ? [named(bad)] : [])].join(' and ');
  return `${setters} must not set securityContext.seccompProfile.type to ${types.map((type) => JSON.stringify(type)).join(', ')}`;
};

const baselineSeccomp: Check = (spec) => {
  const type = (holder: unknown): string | undefined => stringAt(holder, 'securityContext', 'seccompProfile', 'type');
  const bad = containersOf(spec).filter((container) => type(container) === 'Unconfined');
  const podIsBad = type(spec) === 'Unconfined';
  return bad.length === 0 && !podIsBad
    ? undefined
    : { rule: 'seccompProfile', detail: seccompText(bad, podIsBad, ['Unconfined']) };
};

const sysctls: Check = (spec) => {
  const bad = arrayAt(spec, 'securityContext', 'sysctls')
    .map((sysctl) => stringAt(sysctl, 'name') ?? '')
    .filter((name) => !SAFE_SYSCTLS.has(name));
  return bad.length === 0 ? undefined : { rule: 'forbidden sysctls', detail: bad.join(', ') };
};

const procMount: Check = (spec) => {
  const bad = containersOf(spec).filter(
    (container) => (stringAt(securityOf(container), 'procMount') ?? 'Default') !== 'Default',
  );
  return bad.length === 0
    ? undefined
    : { rule: 'procMount', detail: `${named(bad)} must not set securityContext.procMount to "Unmasked"` };
};

const BASELINE: readonly Check[] = [
  hostNamespaces,
  perContainer(
    'privileged',
    (container) => securityOf(container)['privileged'] === true,
    'not set securityContext.privileged=true',
  ),
  baselineCapabilities,
  hostPathVolumes,
  hostPorts,
  procMount,
  baselineSeccomp,
  sysctls,
];

const restrictedCapabilities: Check = (spec) => {
  const missing = containersOf(spec).filter(
    (container) => !arrayAt(securityOf(container), 'capabilities', 'drop').includes('ALL'),
  );
  const added = capabilityViolation(spec, '', new Set(['NET_BIND_SERVICE']));
  const details = [
    ...(missing.length > 0 ? [`${named(missing)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(added ? [added.detail] : []),
  ];
  return details.length === 0 ? undefined : { rule: 'unrestricted capabilities', detail: details.join('; ') };
};

const volumeTypes: Check = (spec) => {
  const typeOf = (volume: unknown): string =>
    Object.keys(isObject(volume) ? volume : {}).find((key) => key !== 'name') ?? 'emptyDir';
  const bad = arrayAt(spec, 'volumes').filter((volume) => !RESTRICTED_VOLUMES.has(typeOf(volume)));
  if (bad.length === 0) return undefined;
  const types = [...new Set(bad.map(typeOf))].toSorted().map((type) => JSON.stringify(type));
  const names = bad.map((volume) => JSON.stringify(stringAt(volume, 'name')));
  return {
    rule: 'restricted volume types',
    detail: `${plural('volume', bad.length)} ${names.join(', ')} ${bad.length === 1 ? 'uses' : 'use'} restricted volume ${plural('type', types.length)} ${types.join(', ')}`,
  };
};

const runAsNonRoot: Check = (spec) => {
  const ofPod = valueAt(spec, 'securityContext', 'runAsNonRoot') === true;
  const bad = containersOf(spec).filter((container) => {
    const own = securityOf(container)['runAsNonRoot'];
    return own === undefined ? !ofPod : own !== true;
  });
  return bad.length === 0
    ? undefined
    : { rule: 'runAsNonRoot != true', detail: `pod or ${named(bad)} must set securityContext.runAsNonRoot=true` };
};

const runAsUser: Check = (spec) => {
  const podIsBad = valueAt(spec, 'securityContext', 'runAsUser') === 0;
  const bad = containersOf(spec).filter((container) => securityOf(container)['runAsUser'] === 0);
  const setters = [...(podIsBad ? ['pod'] : []), ...(bad.length > 0 ? [named(bad)] : [])].join(' and ');
  return setters === '' ? undefined : { rule: 'runAsUser=0', detail: `${setters} must not set runAsUser=0` };
};

const restrictedSeccomp: Check = (spec) => {
  const type = (holder: unknown): string | undefined => stringAt(holder, 'securityContext', 'seccompProfile', 'type');
  const isGood = (value: string | undefined): boolean => value === 'RuntimeDefault' || value === 'Localhost';
  const bad = containersOf(spec).filter((container) => !isGood(type(container) ?? type(spec)));
  return bad.length === 0
    ? undefined
    : {
        rule: 'seccompProfile',
        detail: `pod or ${named(bad)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
      };
};

const RESTRICTED: readonly Check[] = [
  perContainer(
    'allowPrivilegeEscalation != false',
    (container) => securityOf(container)['allowPrivilegeEscalation'] !== false,
    'set securityContext.allowPrivilegeEscalation=false',
  ),
  restrictedCapabilities,
  volumeTypes,
  runAsNonRoot,
  runAsUser,
  restrictedSeccomp,
];
