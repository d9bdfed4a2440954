import { isIP } from 'node:net';

import type { KubeObject } from '../../kube-object.ts';
import { checkContainers } from './containers.ts';
import type { Causes, Json } from './field-causes.ts';
import {
  checkName,
  checkOneOf,
  child,
  forbidden,
  invalid,
  list,
  number,
  required,
  text,
  texts,
} from './field-causes.ts';
import { checkLabels } from './metadata.ts';
import { dnsLabel, dnsSearch, dnsSubdomain, qualifiedName } from './names.ts';
import { checkAffinity, checkSchedulingGates, checkTolerations, checkTopologySpread } from './scheduling.ts';
import { checkPodSecurity } from './security-context.ts';
import { checkVolumes } from './volumes.ts';

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const LONGEST_DEADLINE_SECONDS = 2_147_483_647;
const NO_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

/** What is wrong with a pod, metadata aside. It has its defaults. */
export function validatePod(pod: KubeObject): Causes {
  const causes: Causes = [];
  const spec = child(pod, 'spec') ?? {};
  const volumes = checkVolumes(causes, 'spec.volumes', list(spec, 'volumes'));
  checkContainers(causes, { spec, volumes });
  checkOneOf(causes, 'spec.restartPolicy', spec['restartPolicy'], RESTART_POLICIES);
  checkOneOf(causes, 'spec.dnsPolicy', spec['dnsPolicy'], DNS_POLICIES);
  checkLabels(causes, 'spec.nodeSelector', child(spec, 'nodeSelector'));
  checkPodSecurity(causes, spec);
  checkAffinity(causes, 'spec.affinity', child(spec, 'affinity'));
  checkDns(causes, spec);
  for (const [index, gate] of list(spec, 'readinessGates').entries()) {
    checkName(causes, `spec.readinessGates[${index}].conditionType`, text(gate, 'conditionType'), qualifiedName);
  }
  checkSchedulingGates(causes, 'spec.schedulingGates', list(spec, 'schedulingGates'));
  checkTopologySpread(causes, 'spec.topologySpreadConstraints', list(spec, 'topologySpreadConstraints'));
  if (spec['hostUsers'] === false) {
    for (const name of ['hostNetwork', 'hostPID', 'hostIPC']) {
      if (spec[name] === true) causes.push(forbidden(`spec.${name}`, 'when `hostUsers` is false'));
    }
  }
  checkNames(causes, spec);
  return causes;
}

/** Rules for a new pod alone. */
export function validateNewPod(pod: KubeObject): Causes {
  const causes = validatePod(pod);
  const spec = child(pod, 'spec');
  if (list(spec, 'ephemeralContainers').length > 0)
    causes.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'));
  if (text(spec, 'nodeName') !== '' && list(spec, 'schedulingGates').length > 0) {
    causes.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  }
  return causes;
}

function checkDns(causes: Causes, spec: Json): void {
  const config = child(spec, 'dnsConfig');
  const servers = texts(config, 'nameservers');
  if (spec['dnsPolicy'] === 'None') {
    if (!config) causes.push(required('spec.dnsConfig', 'must provide `dnsConfig` when `dnsPolicy` is None'));
    else if (servers.length === 0)
      causes.push(
        required('spec.dnsConfig.nameservers', 'must provide at least one DNS nameserver when `dnsPolicy` is None'),
      );
  }
  for (const [index, server] of servers.entries()) checkAddress(causes, `spec.dnsConfig.nameservers[${index}]`, server);
  for (const [index, search] of texts(config, 'searches').entries()) {
    checkName(causes, `spec.dnsConfig.searches[${index}]`, search.replace(/\.$/, ''), dnsSearch);
  }
  for (const [index, option] of list(config, 'options').entries()) {
    if (text(option, 'name') === '') causes.push(required(`spec.dnsConfig.options[${index}]`, 'must not be empty'));
  }
}

export function checkAddress(causes: Causes, field: string, address: string): void {
  if (isIP(address) === 0) causes.push(invalid(field, address, NO_ADDRESS));
}

function checkNames(causes: Causes, spec: Json): void {
  for (const name of ['serviceAccountName', 'nodeName']) {
    if (text(spec, name) !== '') checkName(causes, `spec.${name}`, text(spec, name), dnsSubdomain);
  }
  const deadline = number(spec, 'activeDeadlineSeconds');
  if (deadline !== undefined && (deadline < 1 || deadline > LONGEST_DEADLINE_SECONDS)) {
    causes.push(
      invalid('spec.activeDeadlineSeconds', deadline, `must be between 1 and ${LONGEST_DEADLINE_SECONDS}, inclusive`),
    );
  }
  for (const name of ['hostname', 'subdomain']) {
    if (text(spec, name) !== '') checkName(causes, `spec.${name}`, text(spec, name), dnsLabel);
  }
  checkTolerations(causes, 'spec.tolerations', list(spec, 'tolerations'));
  for (const [index, alias] of list(spec, 'hostAliases').entries()) {
    checkAddress(causes, `spec.hostAliases[${index}].ip`, text(alias, 'ip'));
    for (const [at, hostname] of texts(alias, 'hostnames').entries()) {
      checkName(causes, `spec.hostAliases[${index}].hostnames[${at}]`, hostname, dnsSubdomain);
    }
  }
  for (const name of ['priorityClassName', 'runtimeClassName']) {
    if (text(spec, name) !== '') checkName(causes, `spec.${name}`, text(spec, name), dnsSubdomain);
  }
  if (spec['preemptionPolicy'] === '') causes.push(required('spec.preemptionPolicy'));
  else checkOneOf(causes, 'spec.preemptionPolicy', spec['preemptionPolicy'], ['Never', 'PreemptLowerPriority']);
  checkOs(causes, child(spec, 'os'));
}

function checkOs(causes: Causes, os: Json | undefined): void {
  if (!os) return;
  const name = text(os, 'name');
  if (name === '') causes.push(required('spec.os.name'));
  else checkOneOf(causes, 'spec.os', name, ['linux', 'windows']);
}
