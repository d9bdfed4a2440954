import type { KubeObject } from '../kube-object.ts';
import type { FieldCause } from '../schema-face.ts';
import { isObject } from '../json.ts';
import type { ServedResource } from '../resource-table.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const MOST_ANNOTATION_BYTES = 256 * 1024;

export const SUBDOMAIN_MESSAGE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
export const LABEL_MESSAGE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED_MESSAGE =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE_MESSAGE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

export function isDnsLabel(value: string): boolean {
  return LABEL.test(value);
}

export function isDnsSubdomain(value: string): boolean {
  return value.length <= 253 && SUBDOMAIN.test(value);
}

export function invalidValue(field: string, value: unknown, message: string): FieldCause {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${message}` };
}

export function required(field: string, message = ''): FieldCause {
  return { reason: 'FieldValueRequired', field, message: `Required value${message === '' ? '' : `: ${message}`}` };
}

export function forbiddenField(field: string, message: string): FieldCause {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${message}` };
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldCause {
  const list = supported.map((item) => JSON.stringify(item)).join(', ');
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`,
  };
}

export function duplicate(field: string, value: unknown): FieldCause {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${JSON.stringify(value)}` };
}

/** Names, labels, annotations, finalizers and owner references: the rules of every kind. */
export function validateMetadata(served: ServedResource, object: KubeObject): FieldCause[] {
  const { metadata } = object;
  return [
    ...validateName(served, metadata.name ?? ''),
    ...validateLabels(metadata.labels, 'metadata.labels'),
    ...validateAnnotations(metadata.annotations),
    ...(metadata.finalizers ?? []).flatMap((finalizer) => validateQualifiedName(finalizer, 'metadata.finalizers')),
    ...validateOwnerReferences(metadata.ownerReferences),
  ];
}

function validateName(served: ServedResource, name: string): FieldCause[] {
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  // RBAC names are path segments: anything but . and .. and a slash or a percent sign.
  if (served.group === 'rbac.authorization.k8s.io') {
    return /[/%]/.test(name) || name === '.' || name === '..'
      ? [invalidValue('metadata.name', name, "may not contain '/' or '%'")]
      : [];
  }
  const mustBeLabel = served.group === '' && served.resource === 'namespaces';
  if (mustBeLabel) return isDnsLabel(name) ? [] : [invalidValue('metadata.name', name, LABEL_MESSAGE)];
  return isDnsSubdomain(name) ? [] : [invalidValue('metadata.name', name, SUBDOMAIN_MESSAGE)];
}

export function validateLabels(labels: unknown, field: string): FieldCause[] {
  if (labels === undefined) return [];
  if (!isObject(labels)) return [invalidValue(field, labels, 'must be a map of strings')];
  return Object.entries(labels).flatMap(([key, value]) => [
    ...validateQualifiedName(key, field),
    ...(typeof value !== 'string' || value.length > 63 || (value !== '' && !QUALIFIED_NAME.test(value))
      ? [invalidValue(field, value, LABEL_VALUE_MESSAGE)]
      : []),
  ]);
}

function validateAnnotations(annotations: Record<string, string> | undefined): FieldCause[] {
  const entries = Object.entries(annotations ?? {});
  const bytes = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(String(value)),
    0,
  );
  return [
    ...entries.flatMap(([key]) => validateQualifiedName(key.toLowerCase(), 'metadata.annotations')),
    ...(bytes > MOST_ANNOTATION_BYTES
      ? [
          {
            reason: 'FieldValueTooLong' as const,
            field: 'metadata.annotations',
            message: `Too long: may not be more than ${MOST_ANNOTATION_BYTES} bytes`,
          },
        ]
      : []),
  ];
}

function validateQualifiedName(key: string, field: string): FieldCause[] {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = slash < 0 ? key : key.slice(slash + 1);
  if (prefix !== undefined && !isDnsSubdomain(prefix))
    return [invalidValue(field, key, `prefix part ${SUBDOMAIN_MESSAGE}`)];
  if (name === '') return [invalidValue(field, key, 'name part must be non-empty')];
  if (name.length > 63) return [invalidValue(field, key, 'name part must be no more than 63 bytes')];
  return QUALIFIED_NAME.test(name) ? [] : [invalidValue(field, key, QUALIFIED_MESSAGE)];
}

function validateOwnerReferences(references: unknown): FieldCause[] {
  if (references === undefined) return [];
  if (!Array.isArray(references)) return [invalidValue('metadata.ownerReferences', references, 'must be a list')];
  const causes = (references as unknown[]).flatMap((reference, index) => {
    const field = `metadata.ownerReferences[${index}]`;
    if (!isObject(reference)) return [invalidValue(field, reference, 'must be an object')];
    return (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter((key) => typeof reference[key] !== 'string' || reference[key] === '')
      .map((key) =>
        invalidValue(
          `${field}.${key}`,
          reference[key] ?? '',
          `${key === 'apiVersion' ? 'version' : key} must not be empty`,
        ),
      );
  });
  const controllers = (references as unknown[]).filter(
    (reference) => isObject(reference) && reference['controller'] === true,
  );
  if (controllers.length > 1) {
    causes.push(
      invalidValue(
        'metadata.ownerReferences',
        references,
        'Only one reference can have Controller set to true. Found "true" in references',
      ),
    );
  }
  return causes;
}
