import { arrayAt, stringAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { FieldCause } from '../schema-face.ts';
import { invalid, required } from '../schema/validate/field-causes.ts';
import { dns1035Label } from '../schema/validate/names.ts';

const MUST_MATCH = 'must be spec.names.plural+"."+spec.group';

/** A definition is named after what it defines, and so is the prefix of a name to be made up. */
export function validateOwnName({ metadata }: KubeObject, plural: string, group: string): FieldCause[] {
  return (['generateName', 'name'] as const).flatMap((field) => {
    const name = metadata[field] ?? '';
    return name === '' || name === `${plural}.${group}` ? [] : [invalid(`metadata.${field}`, name, MUST_MATCH)];
  });
}

/** The names of the kind that is defined. Those that can be made up from others have been. */
export function validateKindNames(definition: KubeObject): FieldCause[] {
  const names = (definition['spec'] as { names?: unknown } | undefined)?.names;
  const causes: FieldCause[] = [];
  for (const field of ['plural', 'singular', 'kind', 'listKind']) {
    const at = `spec.names.${field}`;
    const name = stringAt(names, field) ?? '';
    const isKind = field === 'kind' || field === 'listKind';
    const why = dns1035Label(isKind ? name.toLowerCase() : name).join(',');
    if (name === '') causes.push(required(at));
    else if (why !== '')
      causes.push(invalid(at, name, isKind ? `may have mixed case, but should otherwise match: ${why}` : why));
  }
  for (const field of ['shortNames', 'categories']) {
    arrayAt(names, field).forEach((name, index) => {
      const why = dns1035Label(String(name)).join(',');
      if (why !== '') causes.push(invalid(`spec.names.${field}[${index}]`, name, why));
    });
  }
  const listKind = stringAt(names, 'listKind') ?? '';
  if (listKind !== '' && listKind === stringAt(names, 'kind'))
    causes.push(invalid('spec.names.listKind', listKind, 'kind and listKind may not be the same'));
  return causes;
}
