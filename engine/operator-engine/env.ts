import { z } from 'zod';
import { Environment } from '../../core/process/environment.ts';
import { runPart } from '../kubernetes/process-environment.ts';
import type { OperatorEngineOptions } from './options.ts';
import { DEFAULT_POD_SETTINGS } from './settings.ts';
import { startOperatorEngine } from './start.ts';
import { ResourceStack, runningResource } from '../../core/resource.ts';
import type { Seams } from '../../core/seams.ts';
import type { KubeconfigSource } from '../kubernetes/client.ts';
import { createKubeClient } from '../kubernetes/client.ts';
import { followCanary } from './gate/canary-gate.ts';
import type { Gate } from './settings.ts';

const ENFORCEMENT = z.enum(['enforced', 'recorded', 'absent']);

/** The Operator Engine as a process of its own. Its variables: docs/operator.md. */
export function runOperatorEngine(): Promise<number> {
  const environment = new Environment(process.env);
  const options = engineOptionsFrom(environment);
  const canary = canaryFrom(environment);
  return runPart('operator-engine', environment, async (seams, { namespace, cluster }) => {
    const stack = new ResourceStack();
    try {
      const gate =
        canary === undefined ? { gate: { mode: 'none' } as const } : await gateOf(canary, { seams, cluster, stack });
      await stack.start('engine', () => startOperatorEngine({ seams, ...cluster, namespace, ...options, ...gate }));
      return runningResource({}, () => stack.stop());
    } catch (error) {
      await stack.stop();
      throw error;
    }
  });
}

interface Canary {
  readonly namespace: string;
  readonly target: string;
}

/** Kubernetes tells where the canary's Service is; without a canary there is no gate. */
function canaryFrom(environment: Environment): Canary | undefined {
  if (environment.choice('GATE', ['probe', 'none'], 'probe') === 'none') return undefined;
  const target = `${environment.text('CANARY_SERVICE_HOST')}:${environment.number('CANARY_SERVICE_PORT', 8080)}`;
  return { namespace: environment.text('OPERATOR_NAMESPACE'), target };
}

async function gateOf(
  { namespace, target }: Canary,
  {
    seams,
    cluster,
    stack,
  }: { readonly seams: Seams; readonly cluster: KubeconfigSource; readonly stack: ResourceStack },
): Promise<{ readonly gate: Gate }> {
  const client = await createKubeClient({ ...cluster, net: seams.net });
  stack.defer('client of the gate', () => client.close());
  // Names that StatefulSets give.
  const pods = { canary: 'canary-0', control: 'canary-control-0' };
  const control = await stack.start('gate', async () => followCanary({ client, seams, namespace, pods }));
  return { gate: { mode: 'probe', targets: [target], control } };
}

type EngineOptions = Omit<OperatorEngineOptions, 'seams' | keyof KubeconfigSource | 'namespace'>;

function engineOptionsFrom(environment: Environment): EngineOptions {
  const brokerPort = environment.number('JOB_BROKER_SERVICE_PORT', 8090);
  const namespaceOfBroker = environment.text('OPERATOR_NAMESPACE');
  const capabilities = environment.json('CAPABILITIES', (value) => z.record(z.string(), ENFORCEMENT).parse(value));
  const storageClass = environment.optional('STORAGE_CLASS');
  const identity = environment.optional('POD_NAME');
  return {
    podsImage: environment.text('PODS_IMAGE'),
    imagePullPolicy: environment.choice('IMAGE_PULL_POLICY', ['Always', 'IfNotPresent', 'Never'], 'IfNotPresent'),
    // Kubernetes tells the address of every Service that was there before the pod: job pods can ask no DNS.
    brokerUrlForPods: environment.text(
      'BROKER_URL_FOR_PODS',
      `http://${environment.text('JOB_BROKER_SERVICE_HOST', 'unknown')}:${brokerPort}`,
    ),
    brokerEgress: {
      podLabels: { 'app.kubernetes.io/name': 'job-broker' },
      namespaceLabels: { 'kubernetes.io/metadata.name': namespaceOfBroker },
      port: brokerPort,
    },
    isolation: environment.choice('ISOLATION', ['required', 'best-effort'], 'required'),
    capabilities: capabilities ?? {},
    leaderElection: environment.choice('LEADER_ELECTION', ['true', 'false'], 'true') === 'true',
    retentionSeconds: environment.number('RETENTION_SECONDS', 3600),
    maxOutputFiles: environment.number('MAX_OUTPUT_FILES', DEFAULT_POD_SETTINGS.maxOutputFiles),
    maxOutputBytes: environment.number('MAX_OUTPUT_BYTES', DEFAULT_POD_SETTINGS.maxOutputBytes),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(identity === undefined ? {} : { identity }),
  };
}
