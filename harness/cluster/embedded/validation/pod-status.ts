import { isIP } from 'node:net';
import { arrayAt, isObject, objectAt, stringAt, valueAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { FieldCause } from '../schema-face.ts';
import { checkName, duplicate, forbidden, invalid } from '../schema/validate/field-causes.ts';
import { dnsSubdomain, qualifiedName } from '../schema/validate/names.ts';
import { addressWarnings } from './warnings/address-warnings.ts';

const NO_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const ONE_EACH = 'may specify no more than one IP for each IP family';
const LARGEST_ID = 2_147_483_647;
/** Their names need no form. */
const OWN_CONDITIONS = new Set(['PodScheduled', 'Ready', 'Initialized']);
const CONTAINER_STATUSES = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;

/** What a new status says once the old one and the gates that are off have had their say. In place. */
export function completePodStatus(pod: KubeObject, previous: KubeObject): void {
  const status = pod['status'];
  if (!isObject(status)) return;
  const before = objectAt(previous, 'status');
  const { qosClass, observedGeneration } = before;
  if (!status['qosClass'] && qosClass !== undefined) status['qosClass'] = qosClass;
  if (!status['observedGeneration'] && observedGeneration !== undefined)
    status['observedGeneration'] = observedGeneration;
  keepGenerations(arrayAt(status, 'conditions'), arrayAt(before, 'conditions'));
  delete status['extendedResourceClaimStatus'];
  for (const field of CONTAINER_STATUSES)
    for (const container of arrayAt(status, field))
      if (isObject(container)) delete container['allocatedResourcesStatus'];
}

/** A condition that does not say what it has observed says it as before. */
function keepGenerations(conditions: readonly unknown[], before: readonly unknown[]): void {
  const left = [...before];
  for (const condition of conditions) {
    const at = left.findIndex((old) => stringAt(old, 'type') === stringAt(condition, 'type'));
    const [old] = at < 0 ? [] : left.splice(at, 1);
    const generation = valueAt(old, 'observedGeneration');
    if (isObject(condition) && !condition['observedGeneration'] && generation !== undefined)
      condition['observedGeneration'] = generation;
  }
}

export function podStatusCauses(pod: KubeObject, previous: KubeObject): FieldCause[] {
  const causes: FieldCause[] = [];
  const [status, before] = [objectAt(pod, 'status'), objectAt(previous, 'status')];
  checkNumbers(causes, status);
  checkNominated(causes, stringAt(status, 'nominatedNodeName') ?? '', before, stringAt(previous, 'spec', 'nodeName'));
  if (status['qosClass'] !== before['qosClass'])
    causes.push(invalid('status.qosClass', status['qosClass'] ?? '', 'field is immutable'));
  for (const field of CONTAINER_STATUSES) checkEnds(causes, field, pod, previous);
  checkClaims(causes, arrayAt(status, 'resourceClaimStatuses'), arrayAt(pod, 'spec', 'resourceClaims'));
  const [hostIp, hostIps] = [stringAt(status, 'hostIP') ?? '', arrayAt(status, 'hostIPs')];
  const first = stringAt(hostIps[0], 'ip') ?? '';
  checkAddresses(causes, 'podIPs', arrayAt(status, 'podIPs'), arrayAt(before, 'podIPs'));
  if (hostIps.length > 0 && first !== hostIp)
    causes.push(invalid('status.hostIPs[0].ip', first, 'must be equal to `hostIP`'));
  checkAddresses(causes, 'hostIPs', hostIps, arrayAt(before, 'hostIPs'));
  for (const field of CONTAINER_STATUSES) checkUsers(causes, field, arrayAt(status, field));
  return causes;
}

function checkNumbers(causes: FieldCause[], status: JsonObject): void {
  const below = (field: string, value: unknown): void => {
    if (typeof value === 'number' && value < 0) causes.push(invalid(field, value, 'must be a non-negative integer'));
  };
  arrayAt(status, 'conditions').forEach((condition, index) => {
    const type = stringAt(condition, 'type') ?? '';
    below(`status.conditions[${index}].observedGeneration`, valueAt(condition, 'observedGeneration'));
    if (!OWN_CONDITIONS.has(type)) checkName(causes, `status.conditions[${index}].Type`, type, qualifiedName);
  });
  below('status.observedGeneration', status['observedGeneration']);
}

function checkNominated(causes: FieldCause[], name: string, before: JsonObject, node: string | undefined): void {
  const field = 'status.nominatedNodeName';
  if (name === '' || name === before['nominatedNodeName']) return;
  checkName(causes, field, name, dnsSubdomain);
  if (node) causes.push(forbidden(field, 'may not be set on pods that are already bound to a node'));
}

/** What has ended for good does not run again. */
function checkEnds(causes: FieldCause[], field: string, pod: KubeObject, previous: KubeObject): void {
  const policy = stringAt(previous, 'spec', 'restartPolicy');
  const isEphemeral = field === 'ephemeralContainerStatuses';
  if (policy === 'Always' && !isEphemeral) return;
  arrayAt(previous, 'status', field).forEach((old, index) => {
    const ended = valueAt(old, 'state', 'terminated');
    const mayRestart = policy === 'OnFailure' && (valueAt(ended, 'exitCode') ?? 0) !== 0 && !isEphemeral;
    const name = stringAt(old, 'name') ?? '';
    if (ended === undefined || mayRestart || (field === 'initContainerStatuses' && isSidecar(previous, name))) return;
    for (const now of arrayAt(pod, 'status', field))
      if (stringAt(now, 'name') === name && valueAt(now, 'state', 'terminated') === undefined)
        causes.push(forbidden(`status.${field}[${index}].state`, 'may not be transitioned to non-terminated state'));
  });
}

function isSidecar(pod: KubeObject, name: string): boolean {
  return arrayAt(pod, 'spec', 'initContainers').some(
    (container) => stringAt(container, 'name') === name && stringAt(container, 'restartPolicy') === 'Always',
  );
}

function checkClaims(causes: FieldCause[], statuses: readonly unknown[], claims: readonly unknown[]): void {
  const names = new Set<string>();
  statuses.forEach((status, index) => {
    const at = `status.resourceClaimStatuses[${index}].name`;
    const name = stringAt(status, 'name') ?? '';
    if (!claims.some((claim) => stringAt(claim, 'name') === name))
      causes.push(invalid(at, name, 'must match the name of an entry in `spec.resourceClaims`'));
    if (names.has(name)) causes.push(duplicate(at, name));
    names.add(name);
    const claim = stringAt(status, 'resourceClaimName');
    if (claim !== undefined) checkName(causes, at, claim, dnsSubdomain);
  });
}

/** Those that were there before may stay, whatever they are. */
function checkAddresses(
  causes: FieldCause[],
  field: string,
  addresses: readonly unknown[],
  before: readonly unknown[],
): void {
  const at = `status.${field}`;
  const known = new Set(before.map((one) => stringAt(one, 'ip') ?? ''));
  const all = addresses.map((one) => stringAt(one, 'ip') ?? '');
  all.forEach((ip, index) => {
    if (isIP(ip) === 0 && !known.has(ip)) causes.push(invalid(`${at}[${index}]`, ip, NO_ADDRESS));
  });
  if (all.length < 2) return;
  const families = new Set(all.map((ip) => isIP(ip)));
  if (all.length > 2 || families.size < 2)
    causes.push(
      invalid(
        at,
        all.map((ip) => ({ IP: ip })),
        ONE_EACH,
      ),
    );
}

function checkUsers(causes: FieldCause[], field: string, statuses: readonly unknown[]): void {
  const check = (at: string, id: unknown): void => {
    if (typeof id === 'number' && (id < 0 || id > LARGEST_ID))
      causes.push(invalid(at, id, `must be between 0 and ${LARGEST_ID}, inclusive`));
  };
  statuses.forEach((status, index) => {
    const at = `status.${field}[${index}].user.linux`;
    const user = valueAt(status, 'user', 'linux');
    check(`${at}.uid`, valueAt(user, 'uid'));
    check(`${at}.gid`, valueAt(user, 'gid'));
    arrayAt(user, 'supplementalGroups').forEach((group, place) => check(`${at}.supplementalGroups[${place}]`, group));
  });
}

export function podStatusWarnings(pod: KubeObject): string[] {
  return ['podIPs', 'hostIPs'].flatMap((field) =>
    arrayAt(pod, 'status', field).flatMap((address, index) =>
      addressWarnings(`status.${field}[${index}].ip`, stringAt(address, 'ip') ?? ''),
    ),
  );
}
