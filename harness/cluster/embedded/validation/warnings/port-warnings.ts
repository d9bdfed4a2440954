import { arrayAt, stringAt, valueAt } from '../../json.ts';

interface Port {
  readonly field: string;
  readonly name: string;
  readonly number: number;
  readonly protocol: string;
  readonly hostIp: string;
  readonly hostPort: number;
}

/** Ports that stand in each other's way, over all containers of a pod. */
export function portWarnings(containers: readonly { container: unknown; path: string }[]): string[] {
  const ports = containers.flatMap(({ container, path }) =>
    arrayAt(container, 'ports').map((port, index) => portOf(port, `${path}.ports[${index}]`)),
  );
  return [...ports.flatMap((port, index) => clashes(port, ports.slice(0, index))), ...nameClashes(ports)];
}

function portOf(port: unknown, field: string): Port {
  const number = (name: string): number => Number(valueAt(port, name) ?? 0);
  return {
    field,
    name: stringAt(port, 'name') ?? '',
    number: number('containerPort'),
    protocol: stringAt(port, 'protocol') ?? '',
    hostIp: stringAt(port, 'hostIP') ?? '',
    hostPort: number('hostPort'),
  };
}

function clashes(port: Port, before: readonly Port[]): string[] {
  const { field, name, number, protocol, hostIp, hostPort } = port;
  const warnings: string[] = [];
  if (hostIp !== '' && hostPort === 0) {
    const struct = `{Name:${name} HostPort:0 ContainerPort:${number} Protocol:${protocol} HostIP:${hostIp}}`;
    warnings.push(`${field}: hostIP set without hostPort: ${struct}`);
  }
  for (const other of before.filter((one) => one.number === number && one.protocol === protocol)) {
    if (hostIp === other.hostIp && hostPort === other.hostPort)
      warnings.push(`${field}: duplicate port definition with ${other.field}`);
    else if (hostPort === 0 || other.hostPort === 0)
      warnings.push(`${field}: overlapping port definition with ${other.field}`);
    else if (hostPort === other.hostPort && (hostIp === '') !== (other.hostIp === ''))
      warnings.push(`${field}: dangerously ambiguous port definition with ${other.field}`);
  }
  return warnings;
}

function nameClashes(ports: readonly Port[]): string[] {
  const named = new Map<string, string>();
  const warnings: string[] = [];
  for (const { name, field } of ports.filter((port) => port.name !== '')) {
    const other = named.get(name);
    if (other === undefined) named.set(name, field);
    else
      warnings.push(
        `${field}: duplicate port name ${JSON.stringify(name)} with ${other}, services and probes that select ports by name will use ${other}`,
      );
  }
  return warnings;
}
