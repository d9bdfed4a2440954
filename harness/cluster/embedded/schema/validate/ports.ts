import type { Causes, Json } from './field-causes.ts';
import { checkName, checkOneOf, duplicate, invalid, list, number, required, text } from './field-causes.ts';
import { portName } from './names.ts';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

export function checkPorts(causes: Causes, field: string, ports: readonly Json[], isOnHostNetwork: boolean): void {
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `${field}[${index}]`;
    const name = text(port, 'name');
    if (name !== '') {
      const before = causes.length;
      checkName(causes, `${at}.name`, name, portName);
      if (causes.length === before && names.has(name)) causes.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    const containerPort = number(port, 'containerPort') ?? 0;
    const hostPort = number(port, 'hostPort') ?? 0;
    if (containerPort === 0) causes.push(required(`${at}.containerPort`));
    else checkPortNumber(causes, `${at}.containerPort`, containerPort);
    if (hostPort !== 0) checkPortNumber(causes, `${at}.hostPort`, hostPort);
    if (isOnHostNetwork && hostPort !== containerPort) {
      causes.push(invalid(`${at}.hostPort`, hostPort, 'must match `containerPort` when `hostNetwork` is true'));
    }
    checkOneOf(causes, `${at}.protocol`, port['protocol'], PROTOCOLS);
  }
}

export function checkPortNumber(causes: Causes, field: string, port: number): void {
  if (port < 1 || port > 65_535) causes.push(invalid(field, port, 'must be between 1 and 65535, inclusive'));
}

/** No two containers of a pod may want one port of the node. */
export function checkHostPorts(causes: Causes, field: string, containers: readonly Json[]): void {
  const taken = new Set<string>();
  for (const [index, container] of containers.entries()) {
    for (const [portIndex, port] of list(container, 'ports').entries()) {
      const hostPort = number(port, 'hostPort') ?? 0;
      if (hostPort === 0) continue;
      const key = `${text(port, 'protocol')}/${text(port, 'hostIP')}/${hostPort}`;
      const at = field.endsWith(']') ? field : `${field}[${index}]`;
      if (taken.has(key)) causes.push(duplicate(`${at}.ports[${portIndex}].hostPort`, key));
      taken.add(key);
    }
  }
}
