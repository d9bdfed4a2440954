import type { Component } from './rbac.ts';
import type { DeploySettings } from './settings.ts';

export const PORTS = { service: 8080, broker: 8090, health: 8081 } as const;
/** Longer than any request that is passed on in one go; a download that is cut goes on where it was, at another broker. */
const GRACE_SECONDS = 30;

export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

const variable = (name: string, value: string): Variable => ({ name, value });

/** What all three are told. */
function commonVariables(settings: DeploySettings): Variable[] {
  return [
    variable('JOBS_NAMESPACE', settings.jobsNamespace),
    variable('OPERATOR_NAMESPACE', settings.operatorNamespace),
    variable('LISTEN_HOST', '0.0.0.0'),
    variable('HEALTH_PORT', String(PORTS.health)),
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ];
}

function storageVariables({ s3 }: DeploySettings, secret: string): Variable[] {
  const key = (name: string): Variable => ({ name, valueFrom: { secretKeyRef: { name: secret, key: name } } });
  return [
    variable('AWS_ENDPOINT_URL', s3.endpoint),
    variable('AWS_REGION', s3.region),
    variable('AWS_BUCKET_OUTPUT', s3.resultsBucket),
    variable('AWS_BUCKET_ADMINLOGS', s3.adminBucket),
    key('AWS_ACCESS_KEY_ID'),
    key('AWS_SECRET_ACCESS_KEY'),
  ];
}

function inputProviderVariables({ inputProviders }: DeploySettings): Variable[] {
  return Object.keys(inputProviders).length === 0 ? [] : [variable('INPUT_PROVIDERS', JSON.stringify(inputProviders))];
}

/** Of the broker alone, and only where it downloads in the environments' names. */
function keyVariables({ inputProviders, environmentKeysSecret: name }: DeploySettings): Variable[] {
  if (Object.keys(inputProviders).length === 0) return [];
  return [{ name: 'ENVIRONMENT_KEYS', valueFrom: { secretKeyRef: { name, key: 'ENVIRONMENT_KEYS' } } }];
}

/** Variables of each part; docs/operator.md lists them. */
export function variablesOf(component: Component, settings: DeploySettings): Variable[] {
  const common = commonVariables(settings);
  const providers = variable('ALLOWED_PROVIDERS', JSON.stringify(settings.providers));
  const inputProviders = inputProviderVariables(settings);
  switch (component) {
    case 'operator-service':
      return [
        ...common,
        variable('PORT', String(PORTS.service)),
        providers,
        ...inputProviders,
        ...storageVariables(settings, settings.s3.serviceSecret),
      ];
    case 'job-broker':
      return [
        ...common,
        variable('PORT', String(PORTS.broker)),
        providers,
        ...inputProviders,
        ...keyVariables(settings),
        ...storageVariables(settings, settings.s3.brokerSecret),
      ];
    case 'operator-engine':
      return [
        ...common,
        variable('PODS_IMAGE', settings.image),
        variable('GATE', settings.gate),
        variable('IMAGE_PULL_POLICY', settings.imagePullPolicy),
        variable('ISOLATION', settings.isolation),
        variable('CAPABILITIES', JSON.stringify(settings.capabilities)),
        ...(settings.storageClass === '' ? [] : [variable('STORAGE_CLASS', settings.storageClass)]),
      ];
  }
}

const probe = (path: string, extra: object): object => ({ httpGet: { path, port: 'health' }, ...extra });

/** As restricted as the pods of jobs: nothing here needs more. */
export function podTemplateOf(component: Component, settings: DeploySettings, labels: Record<string, string>): object {
  const port = component === 'operator-engine' ? [] : [{ name: 'http', containerPort: portOf(component) }];
  return {
    metadata: { labels },
    spec: {
      serviceAccountName: component,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10_001,
        runAsGroup: 10_001,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: component,
          image: settings.image,
          imagePullPolicy: settings.imagePullPolicy,
          command: ['node', `engine/${component}/main.ts`],
          env: variablesOf(component, settings),
          ports: [...port, { name: 'health', containerPort: PORTS.health }],
          readinessProbe: probe('/readyz', { periodSeconds: 2, failureThreshold: 2 }),
          livenessProbe: probe('/livez', { periodSeconds: 10, failureThreshold: 6 }),
          startupProbe: probe('/livez', { periodSeconds: 1, failureThreshold: 60 }),
          resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '512Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
        },
      ],
      volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '64Mi' } }],
      affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [apart(labels)] } },
    },
  };
}

export function portOf(component: Exclude<Component, 'operator-engine'>): number {
  return component === 'job-broker' ? PORTS.broker : PORTS.service;
}

/** Replicas on different nodes, where there are several. */
function apart(labels: Record<string, string>): object {
  return {
    weight: 100,
    podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } },
  };
}
