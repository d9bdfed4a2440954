import type { Causes, Json } from './field-causes.ts';
import { checkName, child, invalid, list, required, text } from './field-causes.ts';
import { checkFieldReference, checkResourceReference } from './field-references.ts';
import { configKey, dnsSubdomain, envName } from './names.ts';

const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const SOURCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef'];
const ONE_OF_SOURCES = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`';
const MORE_THAN_ONE = 'may not have more than one field specified at a time';

/** `env` and `envFrom` of a container. */
export function checkEnv(causes: Causes, field: string, container: Json): void {
  for (const [index, variable] of list(container, 'env').entries()) {
    const at = `${field}.env[${index}]`;
    const name = text(variable, 'name');
    if (name === '') causes.push(required(`${at}.name`));
    else checkName(causes, `${at}.name`, name, envName);
    const source = child(variable, 'valueFrom');
    if (source) checkSource(causes, `${at}.valueFrom`, source, text(variable, 'value'));
  }
  for (const [index, entry] of list(container, 'envFrom').entries()) {
    checkEnvFrom(causes, `${field}.envFrom`, `${field}.envFrom[${index}]`, entry);
  }
}

function checkSource(causes: Causes, at: string, source: Json, value: string): void {
  const given = SOURCES.filter((name) => source[name] !== undefined);
  for (const name of given) checkReference(causes, `${at}.${name}`, name, child(source, name) ?? {});
  if (given.length === 0) causes.push(invalid(at, '', ONE_OF_SOURCES));
  else if (value !== '') causes.push(invalid(at, '', 'may not be specified when `value` is not empty'));
  else if (given.length > 1) causes.push(invalid(at, '', MORE_THAN_ONE));
}

function checkReference(causes: Causes, at: string, kind: string, reference: Json): void {
  if (kind === 'fieldRef') checkFieldReference(causes, at, reference, ENV_FIELDS);
  else if (kind === 'resourceFieldRef') checkResourceReference(causes, at, reference, false);
  else {
    checkName(causes, `${at}.name`, text(reference, 'name'), dnsSubdomain);
    const key = text(reference, 'key');
    if (key === '') causes.push(required(`${at}.key`));
    else checkName(causes, `${at}.key`, key, configKey);
  }
}

/** The server names the list, not the entry, when the number of sources is wrong. */
function checkEnvFrom(causes: Causes, field: string, at: string, entry: Json): void {
  const prefix = text(entry, 'prefix');
  if (prefix !== '') checkName(causes, `${at}.prefix`, prefix, envName);
  const given = ['configMapRef', 'secretRef'].filter((name) => entry[name] !== undefined);
  for (const name of given) {
    const referred = text(child(entry, name), 'name');
    if (referred === '') causes.push(required(`${at}.${name}.name`));
    else checkName(causes, `${at}.${name}.name`, referred, dnsSubdomain);
  }
  if (given.length === 0) causes.push(invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`'));
  else if (given.length > 1) causes.push(invalid(field, '', MORE_THAN_ONE));
}
