import type { ObjectMeta } from '../../kube-object.ts';
import type { Causes, Json } from './field-causes.ts';
import { checkName, invalid, required, tooLong } from './field-causes.ts';
import type { NameCheck } from './names.ts';
import { dnsSubdomain, labelValue, qualifiedName } from './names.ts';

const MOST_ANNOTATION_BYTES = 256 * 1024;

/** Finalizers of the system that have no domain. */
const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/**
 * Names, labels, annotations, owners and finalizers: the rules that every kind shares. `nameCheck` is the kind's own.
 * Kinds of the main API server take finalizers with a domain or of the system alone; custom resources and their definitions take any.
 */
export function validateMetadata(
  metadata: ObjectMeta,
  nameCheck: NameCheck = dnsSubdomain,
  takesAnyFinalizer = false,
): Causes {
  const causes: Causes = [];
  const { name = '', generateName = '' } = metadata;
  if (generateName !== '')
    checkName(causes, 'metadata.generateName', generateName, (value) => nameCheck(maskTrailingDash(value)));
  if (name === '') causes.push(required('metadata.name', 'name or generateName is required'));
  else checkName(causes, 'metadata.name', name, nameCheck);
  const { generation = 0 } = metadata;
  if (generation < 0) causes.push(invalid('metadata.generation', generation, 'must be greater than or equal to 0'));
  checkLabels(causes, 'metadata.labels', metadata.labels);
  checkAnnotations(causes, metadata.annotations);
  checkOwners(causes, (metadata.ownerReferences ?? []) as unknown as readonly Json[]);
  for (const [index, finalizer] of (metadata.finalizers ?? []).entries()) {
    if (takesAnyFinalizer) checkName(causes, 'metadata.finalizers', finalizer, qualifiedName);
    else checkFinalizer(causes, 'metadata.finalizers', index, finalizer);
  }
  return causes;
}

/** A prefix may end in a dash, since characters follow. */
function maskTrailingDash(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix;
}

export function checkLabels(
  causes: Causes,
  field: string,
  labels: Readonly<Record<string, unknown>> | undefined,
): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    checkName(causes, field, key, qualifiedName);
    checkName(causes, field, value, labelValue);
  }
}

function checkAnnotations(causes: Causes, annotations: Readonly<Record<string, string>> | undefined): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    // The rule for keys is that of labels, in small letters.
    for (const detail of qualifiedName(key.toLowerCase())) causes.push(invalid('metadata.annotations', key, detail));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > MOST_ANNOTATION_BYTES) causes.push(tooLong('metadata.annotations', MOST_ANNOTATION_BYTES));
}

function checkOwners(causes: Causes, owners: readonly Json[]): void {
  const field = 'metadata.ownerReferences';
  let controller: string | undefined;
  for (const owner of owners) {
    const name = `${String(owner['kind'])}/${String(owner['name'])}`;
    if (owner['apiVersion'] === '') causes.push(invalid(`${field}.apiVersion`, '', 'version must not be empty'));
    for (const part of ['kind', 'name', 'uid']) {
      if (owner[part] === '') causes.push(invalid(`${field}.${part}`, '', 'must not be empty'));
    }
    if (owner['kind'] === 'Event' && owner['apiVersion'] === 'v1') {
      causes.push(invalid(field, owner, '/v1, Kind=Event is disallowed from being an owner'));
    }
    if (owner['controller'] !== true) continue;
    if (controller !== undefined) {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`;
      causes.push(invalid(field, owners, detail));
    }
    controller = name;
  }
}

export function checkFinalizer(causes: Causes, field: string, index: number | undefined, finalizer: string): void {
  checkName(causes, field, finalizer, qualifiedName);
  if (finalizer.includes('/') || STANDARD_FINALIZERS.has(finalizer)) return;
  const at = index === undefined ? field : `${field}[${index}]`;
  causes.push(invalid(at, finalizer, 'name is neither a standard finalizer name nor is it fully qualified'));
}
