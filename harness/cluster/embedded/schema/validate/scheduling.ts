import type { Causes, Json } from './field-causes.ts';
import {
  checkName,
  checkOneOf,
  child,
  duplicate,
  invalid,
  list,
  notSupported,
  number,
  required,
  text,
} from './field-causes.ts';
import { labelValue, qualifiedName } from './names.ts';
import { checkLabelSelector, checkNodeSelector, checkNodeSelectorTerm } from './selectors.ts';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

export function checkAffinity(causes: Causes, field: string, affinity: Json | undefined): void {
  const nodes = child(affinity, 'nodeAffinity');
  checkNodeSelector(causes, `${field}.nodeAffinity.${REQUIRED}`, child(nodes, REQUIRED));
  for (const [index, term] of list(nodes, PREFERRED).entries()) {
    const at = `${field}.nodeAffinity.${PREFERRED}[${index}]`;
    checkWeight(causes, at, term);
    checkNodeSelectorTerm(causes, `${at}.preference`, child(term, 'preference'));
  }
  for (const name of ['podAffinity', 'podAntiAffinity']) {
    const pods = child(affinity, name);
    for (const [index, term] of list(pods, REQUIRED).entries())
      checkPodTerm(causes, `${field}.${name}.${REQUIRED}[${index}]`, term);
    for (const [index, term] of list(pods, PREFERRED).entries()) {
      const at = `${field}.${name}.${PREFERRED}[${index}]`;
      checkWeight(causes, at, term);
      checkPodTerm(causes, `${at}.podAffinityTerm`, child(term, 'podAffinityTerm') ?? {});
    }
  }
}

function checkWeight(causes: Causes, at: string, term: Json): void {
  const weight = number(term, 'weight') ?? 0;
  if (weight < 1 || weight > 100) causes.push(invalid(`${at}.weight`, weight, 'must be in the range 1-100'));
}

function checkPodTerm(causes: Causes, at: string, term: Json): void {
  checkLabelSelector(causes, `${at}.labelSelector`, child(term, 'labelSelector'));
  checkLabelSelector(causes, `${at}.namespaceSelector`, child(term, 'namespaceSelector'));
  const key = text(term, 'topologyKey');
  if (key === '') causes.push(required(`${at}.topologyKey`, 'can not be empty'));
  checkName(causes, `${at}.topologyKey`, key, qualifiedName);
}

export function checkTopologySpread(causes: Causes, field: string, constraints: readonly Json[]): void {
  for (const [index, constraint] of constraints.entries()) {
    const at = `${field}[${index}]`;
    const skew = number(constraint, 'maxSkew') ?? 0;
    if (skew <= 0) causes.push(invalid(`${at}.maxSkew`, skew, 'must be greater than zero'));
    if (text(constraint, 'topologyKey') === '') causes.push(required(`${at}.topologyKey`, 'can not be empty'));
    const policy = text(constraint, 'whenUnsatisfiable');
    const known = ['DoNotSchedule', 'ScheduleAnyway'];
    if (!known.includes(policy)) causes.push(notSupported(`${at}.whenUnsatisfiable`, policy, known));
    checkLabelSelector(causes, `${at}.labelSelector`, child(constraint, 'labelSelector'));
  }
}

export function checkSchedulingGates(causes: Causes, field: string, gates: readonly Json[]): void {
  const seen = new Set<string>();
  for (const [index, gate] of gates.entries()) {
    const name = text(gate, 'name');
    checkName(causes, `${field}[${index}]`, name, qualifiedName);
    if (seen.has(name)) causes.push(duplicate(`${field}[${index}]`, name));
    seen.add(name);
  }
}

export function checkTolerations(causes: Causes, field: string, tolerations: readonly Json[]): void {
  for (const [index, toleration] of tolerations.entries()) checkToleration(causes, `${field}[${index}]`, toleration);
}

function checkToleration(causes: Causes, at: string, toleration: Json): void {
  const key = text(toleration, 'key');
  const operator = text(toleration, 'operator');
  const value = text(toleration, 'value');
  const effect = text(toleration, 'effect');
  if (key !== '') checkName(causes, `${at}.key`, key, qualifiedName);
  if (key === '' && operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    causes.push(invalid(`${at}.operator`, operator, detail));
  }
  if (toleration['tolerationSeconds'] !== undefined && effect !== 'NoExecute') {
    causes.push(invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  }
  if (operator === 'Equal' || operator === '') checkName(causes, `${at}.operator`, value, labelValue);
  else if (operator === 'Exists') {
    if (value !== '') causes.push(invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'"));
  } else causes.push(notSupported(`${at}.operator`, operator, ['Equal', 'Exists']));
  if (effect !== '') checkOneOf(causes, `${at}.effect`, effect, EFFECTS);
}

/** Taints of a node; the server says metadata, although they lie in the spec. */
export function checkTaints(causes: Causes, taints: readonly Json[]): void {
  const seen = new Set<string>();
  for (const [index, taint] of taints.entries()) {
    const at = `metadata.taints[${index}]`;
    const key = text(taint, 'key');
    const value = text(taint, 'value');
    const effect = text(taint, 'effect');
    checkName(causes, `${at}.key`, key, qualifiedName);
    checkName(causes, `${at}.value`, value, labelValue);
    if (effect === '') causes.push(required(`${at}.effect`));
    else checkOneOf(causes, `${at}.effect`, effect, EFFECTS);
    const pair = `${key} ${effect}`;
    if (seen.has(pair)) {
      const seenTaint = { Key: key, Value: value, Effect: effect, TimeAdded: taint['timeAdded'] ?? null };
      causes.push(duplicate(at, seenTaint, 'taints must be unique by key and effect pair'));
    }
    seen.add(pair);
  }
}
