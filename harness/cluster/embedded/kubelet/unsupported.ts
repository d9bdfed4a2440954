import type { Container, Pod, Volume } from './pod-types.ts';

/**
 * Everything a pod may ask for that this kubelet does not do. A pod that asks for it fails with the reason
 * `Unsupported` and says which field: silently leaving something out would make a pod pass here and fail elsewhere.
 * `undefined` values and the defaults of the API are no request.
 */
const VOLUME_KINDS = new Set([
  'name',
  'emptyDir',
  'persistentVolumeClaim',
  'configMap',
  'secret',
  'downwardAPI',
  'projected',
]);
const PROJECTED_KINDS = new Set(['configMap', 'secret', 'downwardAPI']);

/** Pod fields → why not. Only a value other than the listed one counts. */
const POD_FIELDS: Readonly<Record<string, { readonly harmless: readonly unknown[]; readonly why: string }>> = {
  hostNetwork: { harmless: [false], why: 'pods have no access to the network of this machine' },
  hostPID: { harmless: [false], why: 'pods do not see the processes of this machine' },
  hostIPC: { harmless: [false], why: 'pods do not share memory with this machine' },
  shareProcessNamespace: { harmless: [false], why: 'containers of a pod have process namespaces of their own' },
  ephemeralContainers: { harmless: [], why: 'containers cannot be added to a running pod' },
  readinessGates: { harmless: [], why: 'readiness is that of the containers' },
  resourceClaims: { harmless: [], why: 'there are no devices to claim' },
  runtimeClassName: { harmless: [], why: 'there is one runtime' },
  hostAliases: { harmless: [], why: '/etc/hosts is fixed' },
  dnsConfig: { harmless: [], why: 'there is no name server' },
  setHostnameAsFQDN: { harmless: [false], why: 'there is no cluster domain' },
};

const CONTAINER_FIELDS: Readonly<Record<string, string>> = {
  livenessProbe: 'probes are not run',
  readinessProbe: 'probes are not run',
  startupProbe: 'probes are not run',
  lifecycle: 'hooks are not run',
  volumeDevices: 'there are no block devices',
  restartPolicy: 'sidecar containers are not run',
};

const SECURITY_FIELDS: Readonly<Record<string, string>> = {
  seLinuxOptions: 'there are no SELinux labels',
  windowsOptions: 'this is not Windows',
  appArmorProfile: 'there are no AppArmor profiles',
};

/** Each entry: the field and why it is refused. Empty when the pod can be run as it asks. */
export function unsupportedFields(pod: Pod): string[] {
  const { spec } = pod;
  return [
    ...Object.entries(POD_FIELDS).flatMap(([field, { harmless, why }]) =>
      isAsked(spec[field]) && !harmless.includes(spec[field]) ? [`spec.${field}: ${why}`] : [],
    ),
    ...(amountsOf(spec['resources']).length > 0 ? ['spec.resources: limits and requests are those of containers'] : []),
    ...securityProblems('spec.securityContext', spec.securityContext),
    ...((spec.securityContext?.['sysctls'] as unknown[] | undefined)?.length
      ? ['spec.securityContext.sysctls: kernel settings are not changed']
      : []),
    ...(spec.volumes ?? []).flatMap(volumeProblems),
    ...(spec.initContainers ?? []).flatMap((container, index) =>
      containerProblems(`spec.initContainers[${index}]`, container),
    ),
    ...spec.containers.flatMap((container, index) => containerProblems(`spec.containers[${index}]`, container)),
  ];
}

function isAsked(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

function amountsOf(resources: unknown): string[] {
  const { limits, requests } = (resources ?? {}) as NonNullable<Container['resources']>;
  return Object.keys({ ...limits, ...requests });
}

function volumeProblems(volume: Volume): string[] {
  const kinds = Object.keys(volume).filter((kind) => !VOLUME_KINDS.has(kind));
  const sources = (volume.projected?.sources ?? []).flatMap((source) =>
    Object.keys(source).filter((kind) => !PROJECTED_KINDS.has(kind)),
  );
  return [...kinds, ...sources].map(
    (kind) => `spec.volumes[${volume.name}].${kind}: volumes of this kind are not offered`,
  );
}

function containerProblems(path: string, container: Container): string[] {
  const security = container.securityContext ?? {};
  const added = security.capabilities?.add ?? [];
  const ports = (container['ports'] ?? []) as readonly { readonly hostPort?: number }[];
  return [
    ...Object.entries(CONTAINER_FIELDS).flatMap(([field, why]) =>
      isAsked(container[field]) ? [`${path}.${field}: ${why}`] : [],
    ),
    ...(['stdin', 'tty'] as const).flatMap((field) =>
      container[field] === true ? [`${path}.${field}: there is no attach`] : [],
    ),
    ...(security.privileged === true ? [`${path}.securityContext.privileged: no container is privileged`] : []),
    ...(added.length > 0 ? [`${path}.securityContext.capabilities.add: every capability is dropped`] : []),
    ...(security['procMount'] === 'Unmasked'
      ? [`${path}.securityContext.procMount: /proc is the container's own`]
      : []),
    ...securityProblems(`${path}.securityContext`, security),
    ...(container.volumeMounts ?? []).flatMap((mount) => mountProblems(path, mount)),
    ...(ports.some(({ hostPort }) => hostPort)
      ? [`${path}.ports.hostPort: pods have no access to the ports of this machine`]
      : []),
    ...amountsOf(container.resources)
      .filter((name) => !['cpu', 'memory', 'ephemeral-storage'].includes(name))
      .map((name) => `${path}.resources.${name}: this node has none`),
    ...((container.command?.[0] ?? '').includes('=') ? [`${path}.command: a program's name cannot contain "="`] : []),
  ];
}

function mountProblems(path: string, mount: Record<string, unknown>): string[] {
  return [
    ...(isAsked(mount['subPathExpr']) ? [`${path}.volumeMounts.subPathExpr: use subPath`] : []),
    ...(isAsked(mount['mountPropagation']) && mount['mountPropagation'] !== 'None'
      ? [`${path}.volumeMounts.mountPropagation: mounts do not propagate`]
      : []),
    ...(isAsked(mount['recursiveReadOnly']) &&
    mount['recursiveReadOnly'] !== 'Disabled' &&
    mount['recursiveReadOnly'] !== 'IfPossible'
      ? [`${path}.volumeMounts.recursiveReadOnly: there are no mounts below a volume`]
      : []),
  ];
}

function securityProblems(path: string, security: Readonly<Record<string, unknown>> | undefined): string[] {
  const fields = Object.entries(SECURITY_FIELDS).flatMap(([field, why]) =>
    isAsked(security?.[field]) ? [`${path}.${field}: ${why}`] : [],
  );
  const profile = (security?.['seccompProfile'] as { type?: string } | undefined)?.type;
  return profile === 'Localhost' ? [...fields, `${path}.seccompProfile: there are no profiles on this node`] : fields;
}
