import { test } from 'vitest';
import { JOB_STATUS } from '../../core/protocol/job-status.ts';
import { definitions, workflowDefinition } from './crds.ts';
import { manifestsOf, namespaceOf } from './install.ts';
import { COMPONENTS, RULES } from './rbac.ts';

test('E14: nobody gets everything, and each gets only what its code calls', ({ expect }) => {
  const all = COMPONENTS.flatMap((component) => RULES[component].map((rule) => ({ component, ...rule })));
  expect(all.filter(({ verbs, resources, apiGroups }) => [...verbs, ...resources, ...apiGroups].includes('*'))).toEqual(
    [],
  );
  expect(
    all.filter(({ verbs }) =>
      verbs.some((verb) => ['escalate', 'bind', 'impersonate', 'deletecollection'].includes(verb)),
    ),
  ).toEqual([]);
  const may = (component: string, verb: string, resource: string): boolean =>
    all.some((rule) => rule.component === component && rule.verbs.includes(verb) && rule.resources.includes(resource));
  expect(may('operator-engine', 'get', 'secrets')).toBe(false);
  expect(may('operator-engine', 'list', 'secrets')).toBe(false);
  expect(may('operator-service', 'create', 'pods')).toBe(false);
  expect(may('job-broker', 'create', 'pods')).toBe(false);
  expect(may('job-broker', 'patch', 'workflows')).toBe(false);
  expect(may('job-broker', 'patch', 'workflows/status')).toBe(true);
  expect(all.some(({ resources }) => resources.includes('pods/exec') || resources.includes('nodes'))).toBe(false);
});

test('the namespace refuses pods that are less restricted than ours', ({ expect }) => {
  expect(namespaceOf('ocean').metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
});

test('the definitions are structural, have no CEL, and know every phase', ({ expect }) => {
  expect(JSON.stringify(definitions)).not.toContain('x-kubernetes-validations');
  const text = JSON.stringify(workflowDefinition);
  for (const phase of Object.keys(JOB_STATUS)) expect(text).toContain(`"${phase}"`);
  expect(text).toContain('"subresources":{"status":{}}');
});

test('definitions and the namespace come before what needs them', ({ expect }) => {
  const kinds = manifestsOf({ namespace: 'ocean' }).map(({ resource }) => resource.kind);
  expect(kinds.indexOf('Namespace')).toBeLessThan(kinds.indexOf('Role'));
  expect(kinds[0]).toBe('CustomResourceDefinition');
  expect(kinds.filter((kind) => kind === 'ServiceAccount')).toHaveLength(3);
});
