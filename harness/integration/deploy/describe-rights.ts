import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageOf } from '../../../core/errors.ts';
import type { RunningResource } from '../../../core/resource.ts';
import type { Component } from '../../../engine/deploy/rbac.ts';
import { COMPONENTS, RULES } from '../../../engine/deploy/rbac.ts';
import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import { isKubeReason } from '../../../engine/kubernetes/kube-error.ts';
import { PODS, SECRETS } from '../../../engine/kubernetes/objects.ts';
import { ROLES, ROLE_BINDINGS } from '../../../engine/deploy/rbac.ts';
import { rightsOf } from './rights.ts';

export interface InstalledOperator extends RunningResource {
  readonly jobsNamespace: string;
  readonly otherNamespace: string;
  /** Acts with the rights of a part. */
  clientOf(component: Component): Promise<KubeClient>;
}

/** Reading storage classes is the one thing outside the jobs' namespace, and nothing is written there. */
const OUTSIDE: Readonly<Record<Component, readonly string[]>> = {
  'operator-service': [],
  'job-broker': [],
  'operator-engine': ['get storage.k8s.io/storageclasses', 'list storage.k8s.io/storageclasses'],
};

/** Least privilege, tried in a cluster: what a part may is exactly what its code calls, and what it may not is refused. */
export function describeRights(start: () => Promise<InstalledOperator>): void {
  let operator: InstalledOperator | undefined;
  beforeAll(async () => {
    operator = await start();
  });
  afterAll(async () => {
    await operator?.stop();
  });
  const at = (): InstalledOperator => {
    if (!operator) throw new Error('the operator is not installed');
    return operator;
  };

  describe.each(COMPONENTS)('%s', (component) => {
    it('may do what it was given, and nothing else', async () => {
      const given = RULES[component]
        .flatMap(({ apiGroups, resources, verbs }) =>
          apiGroups.flatMap((group) => resources.flatMap((one) => verbs.map((verb) => `${verb} ${group}/${one}`))),
        )
        .concat(OUTSIDE[component]);
      expect(await rightsOf(await at().clientOf(component), at().jobsNamespace)).toEqual(given.toSorted());
    });

    it('may do nothing in another namespace', async () => {
      expect(await rightsOf(await at().clientOf(component), at().otherNamespace)).toEqual(OUTSIDE[component]);
    });

    it('is refused when it tries to give itself more', async () => {
      const client = await at().clientOf(component);
      const namespace = at().jobsNamespace;
      const all = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
      const attempts = [
        client.create(ROLES, { metadata: { name: 'mine', namespace }, rules: all } as never),
        client.mergePatch(ROLES, { name: component, namespace }, { rules: all }),
        client.create(ROLE_BINDINGS, {
          metadata: { name: 'mine', namespace },
          roleRef: { apiGroup: ROLES.group, kind: 'ClusterRole', name: 'cluster-admin' },
          subjects: [{ kind: 'ServiceAccount', name: component, namespace }],
        } as never),
      ];
      expect(await Promise.all(attempts.map(reasonOf))).toEqual(['Forbidden', 'Forbidden', 'Forbidden']);
    });
  });

  it('no part reads what only another needs', async () => {
    const namespace = at().jobsNamespace;
    const [service, engine, broker] = await Promise.all([
      at().clientOf('operator-service'),
      at().clientOf('operator-engine'),
      at().clientOf('job-broker'),
    ]);
    const pod = { metadata: { name: 'mine', namespace }, spec: { containers: [{ name: 'a', image: 'a' }] } } as never;
    expect(await reasonOf(engine.list(SECRETS, { namespace }))).toBe('Forbidden');
    expect(await reasonOf(service.list(SECRETS, { namespace }))).toBe('Forbidden');
    expect(await reasonOf(service.create(PODS, pod))).toBe('Forbidden');
    expect(await reasonOf(broker.create(PODS, pod))).toBe('Forbidden');
    expect(await reasonOf(broker.list(PODS, { namespace }))).toBe('Forbidden');
  });
}

async function reasonOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'done';
  } catch (error) {
    return isKubeReason(error, 'Forbidden') ? 'Forbidden' : messageOf(error);
  }
}
