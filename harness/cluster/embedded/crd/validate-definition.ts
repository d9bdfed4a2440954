import { arrayAt, isObject, objectAt, stringAt, valueAt } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { FieldCause } from '../schema-face.ts';
import {
  forbidden as forbiddenField,
  invalid as invalidValue,
  notSupported,
  required,
} from '../schema/validate/field-causes.ts';
import { dns1035Label, dnsSubdomain } from '../schema/validate/names.ts';
import { validateKindNames, validateOwnName } from './validate-names.ts';

const APPROVED = 'api-approved.kubernetes.io';

/** @returns everything that keeps this definition from being served. */
export function validateDefinition(object: KubeObject): FieldCause[] {
  const group = stringAt(object, 'spec', 'group') ?? '';
  const plural = stringAt(object, 'spec', 'names', 'plural') ?? '';
  const scope = stringAt(object, 'spec', 'scope') ?? '';
  const causes: FieldCause[] = [];
  if (group === '') causes.push(required('spec.group'));
  else if (dnsSubdomain(group).length > 0)
    causes.push(invalidValue('spec.group', group, dnsSubdomain(group).join(',')));
  else if (!group.includes('.'))
    causes.push(invalidValue('spec.group', group, 'should be a domain with at least one dot'));
  const isProtected = /(^|\.)(k8s|kubernetes)\.io$/.test(group);
  if (isProtected && !object.metadata.annotations?.[APPROVED]) {
    causes.push(
      required(
        `metadata.annotations[${APPROVED}]`,
        'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
      ),
    );
  }
  causes.push(...validateOwnName(object, plural, group), ...validateKindNames(object));
  if (scope === '') causes.push(required('spec.scope'));
  else if (scope !== 'Namespaced' && scope !== 'Cluster')
    causes.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  if (valueAt(object, 'spec', 'preserveUnknownFields') === true) {
    const instead = 'set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
    causes.push(invalidValue('spec.preserveUnknownFields', true, `cannot set to true, ${instead}`));
  }
  const strategy = stringAt(object, 'spec', 'conversion', 'strategy');
  // Differs from kube-apiserver: conversion webhooks are not called, so a definition that needs one is refused.
  if (strategy !== undefined && strategy !== 'None')
    causes.push(notSupported('spec.conversion.strategy', strategy, ['None']));
  return [...causes, ...validateVersions(object)];
}

function validateVersions(object: KubeObject): FieldCause[] {
  const versions = arrayAt(object, 'spec', 'versions');
  if (versions.length === 0)
    return [required('spec.versions', 'must have exactly one version marked as storage version')];
  const stored = versions.filter((version) => valueAt(version, 'storage') === true);
  const causes: FieldCause[] =
    stored.length === 1
      ? []
      : [invalidValue('spec.versions', versions, 'must have exactly one version marked as storage version')];
  versions.forEach((version, index) => {
    const field = `spec.versions[${index}]`;
    const name = stringAt(version, 'name') ?? '';
    const why = dns1035Label(name).join(',');
    if (why !== '') causes.push(invalidValue(`${field}.name`, name, why));
    const schema = valueAt(version, 'schema', 'openAPIV3Schema');
    if (!isObject(schema)) causes.push(required(`${field}.schema.openAPIV3Schema`));
    else causes.push(...validateStructural(schema, `${field}.schema.openAPIV3Schema`, true));
    if (valueAt(version, 'subresources', 'scale') !== undefined) {
      causes.push(forbiddenField(`${field}.subresources.scale`, 'the scale subresource is not served by this cluster'));
    }
    if (arrayAt(version, 'selectableFields').length > 0) {
      causes.push(
        forbiddenField(
          `${field}.selectableFields`,
          'selectable fields of custom resources are not served by this cluster',
        ),
      );
    }
  });
  return causes;
}

/** The rules that make a schema structural, and what this cluster cannot enforce and therefore refuses. */
function validateStructural(schema: JsonObject, field: string, isRoot: boolean): FieldCause[] {
  const causes: FieldCause[] = [];
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true;
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema['x-kubernetes-validations'] !== undefined) {
    causes.push(
      forbiddenField(`${field}.x-kubernetes-validations`, 'validation rules (CEL) are not evaluated by this cluster'),
    );
  }
  if (schema['$ref'] !== undefined) causes.push(forbiddenField(`${field}.$ref`, '$ref is not supported'));
  if (typeof schema['type'] !== 'string' && !isIntOrString && !isOpen)
    causes.push(required(`${field}.type`, 'must not be empty for specified object fields'));
  if (isRoot && schema['type'] !== 'object')
    causes.push(invalidValue(`${field}.type`, schema['type'] ?? '', 'must be object at the root'));
  if (schema['type'] === 'array' && !isObject(schema['items']))
    causes.push(required(`${field}.items`, 'must be specified'));
  if (schema['uniqueItems'] === true)
    causes.push(
      forbiddenField(
        `${field}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  const pattern = schema['pattern'];
  if (typeof pattern === 'string' && !isRegExp(pattern))
    causes.push(invalidValue(`${field}.pattern`, pattern, 'must be a valid regular expression'));
  if (
    Object.hasOwn(schema, 'properties') &&
    schema['additionalProperties'] !== undefined &&
    schema['additionalProperties'] !== false
  ) {
    causes.push(
      forbiddenField(`${field}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
    );
  }
  for (const [name, property] of Object.entries(objectAt(schema, 'properties'))) {
    if (isRoot && name === 'metadata') continue;
    if (isObject(property)) causes.push(...validateStructural(property, `${field}.properties[${name}]`, false));
  }
  const { items, additionalProperties } = schema;
  if (isObject(items)) causes.push(...validateStructural(items, `${field}.items`, false));
  if (isObject(additionalProperties))
    causes.push(...validateStructural(additionalProperties, `${field}.additionalProperties`, false));
  return causes;
}

function isRegExp(pattern: string): boolean {
  try {
    return new RegExp(pattern) instanceof RegExp;
  } catch {
    // The only thing that a constructor of a pattern throws for is the pattern.
    return false;
  }
}
