import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { operatorManifests, renderManifests } from './render.ts';
import { parseDeploySettings } from './settings.ts';

const SETTINGS = `
image: example/operator:1
s3: { endpoint: "https://s3.example", resultsBucket: results, adminBucket: adminlogs }
providers: { "0x00bd138abd70e2f00903268f3db08f2d25677c9e": ["https://provider.example"] }
environments:
  ocean-compute:
    { cpuNumber: 1, ramGb: 1, diskGb: 1, maxJobs: 10, maxJobDurationSeconds: 60, consumerAddress: "0x00bd138abd70e2f00903268f3db08f2d25677c9e" }
`;

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels: Record<string, string> };
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: PodSpec };
    readonly isolation: string;
  };
}

interface PodSpec {
  readonly serviceAccountName: string;
  readonly securityContext: object;
  readonly containers: readonly { readonly securityContext: object; readonly env: readonly Variable[] }[];
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

function rendered(yaml = SETTINGS): Rendered[] {
  const text = renderManifests(operatorManifests(parseDeploySettings(yaml)));
  return parseAllDocuments(text).map((document) => document.toJS() as Rendered);
}

test('everything carries our label, so that it can be removed again', () => {
  const unlabelled = rendered().filter(
    ({ metadata }) => metadata.labels['app.kubernetes.io/managed-by'] !== 'wavetank',
  );
  expect(unlabelled.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
});

test('the operator runs apart from the jobs, each part with an account of its own and nothing more than a restricted pod may', () => {
  const deployments = rendered().filter(({ kind }) => kind === 'Deployment');
  expect(deployments.map(({ metadata }) => metadata.namespace)).toEqual(Array(3).fill('ocean-operator'));
  for (const { metadata, spec } of deployments) {
    const pod = spec.template.spec;
    expect(pod.serviceAccountName).toBe(metadata.name);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(pod.containers[0]?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  }
  const engine = deployments.find(({ metadata }) => metadata.name === 'operator-engine');
  expect(engine?.spec.replicas).toBe(2);
});

test('keys of the object storage come from Secrets, and never to the engine', () => {
  const variables = rendered()
    .filter(({ kind }) => kind === 'Deployment')
    .flatMap(({ metadata, spec }) =>
      spec.template.spec.containers.flatMap(({ env }) => env.map((one) => ({ part: metadata.name, ...one }))),
    );
  const keys = variables.filter(({ name }) => /KEY/.test(name));
  expect(keys.filter(({ value }) => value !== undefined)).toEqual([]);
  expect([...new Set(keys.map(({ part }) => part))].toSorted()).toEqual(['job-broker', 'operator-service']);
});

test('who fetches from other Providers has the keys of the environments, and nobody else has', () => {
  const listed = '{ "0x1111111111111111111111111111111111111111": ["https://elsewhere.example"] }';
  const namesBy = (yaml: string, wanted: RegExp): string[] =>
    rendered(yaml)
      .filter(({ kind }) => kind === 'Deployment')
      .flatMap(({ metadata, spec }) =>
        spec.template.spec.containers.flatMap(({ env }) =>
          env.filter(({ name }) => wanted.test(name)).map(({ name }) => `${metadata.name} ${name}`),
        ),
      );
  expect(namesBy(SETTINGS, /ENVIRONMENT_KEYS|INPUT_PROVIDERS/)).toEqual([]);
  expect(namesBy(`${SETTINGS}\ninputProviders: ${listed}`, /ENVIRONMENT_KEYS|INPUT_PROVIDERS/).toSorted()).toEqual([
    'job-broker ENVIRONMENT_KEYS',
    'job-broker INPUT_PROVIDERS',
    'operator-service INPUT_PROVIDERS',
  ]);
});

test('definitions and namespaces come before what lies in them, services before who is told their addresses', () => {
  const kinds = rendered().map(({ kind }) => kind);
  const first = (kind: string): number => kinds.indexOf(kind);
  expect(kinds[0]).toBe('CustomResourceDefinition');
  expect(first('Namespace')).toBeLessThan(first('ServiceAccount'));
  expect(first('Service')).toBeLessThan(first('Deployment'));
});

test('environments ask for the isolation that the owner chose', () => {
  const isolation = (yaml: string): string[] =>
    rendered(yaml).flatMap(({ kind, spec }) => (kind === 'ComputeEnvironment' ? spec.isolation : []));
  expect(isolation(SETTINGS)).toEqual(['required']);
  expect(isolation(`${SETTINGS}\nisolation: best-effort`)).toEqual(['best-effort']);
});

test('names every mistake of the settings at once', () => {
  expect(() => parseDeploySettings('imagePullPolicy: Never\nimages: b\ns3: { endpoint: no }')).toThrowError(
    expect.objectContaining({
      code: 'DEPLOY_SETTINGS_INVALID',
      message: expect.stringMatching(/image:.*s3\.endpoint.*providers.*images/s) as string,
    }),
  );
  expect(() => parseDeploySettings('a: [')).toThrowError(expect.objectContaining({ code: 'DEPLOY_SETTINGS_INVALID' }));
});

test('D18: no key lies in the open, nothing is exposed on nodes, nothing is kept on their disks', () => {
  const all = rendered();
  const text = JSON.stringify(all);
  expect(all.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  expect(all.filter(({ kind }) => kind === 'ConfigMap')).toEqual([]);
  for (const exposed of ['NodePort', 'LoadBalancer', 'hostPath', 'hostNetwork', 'hostPort'])
    expect(text).not.toContain(exposed);
});
