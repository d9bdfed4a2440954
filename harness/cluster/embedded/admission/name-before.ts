import type { AdmissionRequest } from '../api-core.ts';

/** Admission comes before a name is made up, and has a word for an object that has none. */
export function nameBefore({ name, object }: AdmissionRequest): string {
  return object?.metadata.generateName || name || 'Unknown';
}
