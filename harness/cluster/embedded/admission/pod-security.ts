import type { AdmissionPlugin } from '../api-core.ts';
import { equalJson, objectAt } from '../json.ts';
import { forbidden } from '../kube-status.ts';
import { baselineViolations, restrictedViolations } from './pod-security-checks.ts';
import type { Violation } from './pod-security-checks.ts';

const PREFIX = 'pod-security.kubernetes.io/';

/** Pod Security admission: the namespace's labels say which standard pods must meet. */
export const podSecurity: AdmissionPlugin = {
  validate({ core, context, operation, served, subresource, namespace, name, object, previous }) {
    if (served.key !== '/pods' || operation === 'DELETE' || subresource !== '' || object === undefined) return;
    if (previous !== undefined && equalJson(previous['spec'], object['spec'])) return;
    const labels = core.store.get('/namespaces', undefined, namespace ?? '')?.metadata.labels ?? {};
    const spec = objectAt(object, 'spec');
    const enforced = labels[`${PREFIX}enforce`];
    const version = labels[`${PREFIX}enforce-version`] ?? 'latest';
    const violations = violationsOf(enforced, spec);
    if (violations.length > 0)
      throw forbidden(served, name, `violates PodSecurity "${enforced}:${version}": ${textOf(violations)}`);
    const warned = labels[`${PREFIX}warn`];
    const warnings = violationsOf(warned, spec);
    if (warnings.length > 0)
      context.warnings.push(
        `would violate PodSecurity "${warned}:${labels[`${PREFIX}warn-version`] ?? 'latest'}": ${textOf(warnings)}`,
      );
  },
};

function violationsOf(level: string | undefined, spec: Record<string, unknown>): readonly Violation[] {
  if (level === 'baseline') return baselineViolations(spec);
  if (level === undefined || level === 'privileged') return [];
  // An unknown level fails closed, as the real admission does.
  return restrictedViolations(spec);
}

function textOf(violations: readonly Violation[]): string {
  return violations.map(({ rule, detail }) => `${rule} (${detail})`).join(', ');
}
