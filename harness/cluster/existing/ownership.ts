import { LABELS, MANAGED_BY } from '../../../engine/api/names.ts';

/**
 * Whose testbed made it: on namespaces, and on what lies outside namespaces. An operator that somebody runs in the same cluster carries the
 * label of wavetank too, and this one never: it tells what may be removed.
 */
export const TESTBED_LABEL = 'oceanprotocol.com/testbed';

/** In a namespace that was there before, and so does not carry the label itself. */
export const MARKER = 'wavetank-testbed';

export function testbedLabels(instance: string): Readonly<Record<string, string>> {
  return { [LABELS.managedBy]: MANAGED_BY, [TESTBED_LABEL]: instance };
}

export interface TestbedNamespaces {
  readonly jobs: string;
  readonly canary: string;
  readonly probe: string;
}

/** @param given the namespace of the jobs, where the user named one */
export function namespacesOf(instance: string, given: string | undefined): TestbedNamespaces {
  const own = `wavetank-${instance}`;
  return { jobs: given ?? own, canary: `${own}-canary`, probe: `${own}-probe` };
}
