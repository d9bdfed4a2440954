import { z } from 'zod';
import { Environment } from '../../core/process/environment.ts';
import { runPart } from '../kubernetes/process-environment.ts';
import type { OperatorEngineOptions } from './options.ts';
import { DEFAULT_POD_SETTINGS } from './settings.ts';
import { startOperatorEngine } from './start.ts';

const ENFORCEMENT = z.enum(['enforced', 'recorded', 'absent']);

/** The Operator Engine as a process of its own. Its variables: docs/operator.md. */
export function runOperatorEngine(): Promise<number> {
  const environment = new Environment(process.env);
  const options = engineOptionsFrom(environment);
  return runPart('operator-engine', environment, (seams, { namespace, kubeconfigPath }) =>
    startOperatorEngine({ seams, kubeconfigPath, namespace, ...options }),
  );
}

type EngineOptions = Omit<OperatorEngineOptions, 'seams' | 'kubeconfigPath' | 'namespace'>;

function engineOptionsFrom(environment: Environment): EngineOptions {
  const brokerPort = environment.number('JOB_BROKER_SERVICE_PORT', 8090);
  const namespaceOfBroker = environment.text('OPERATOR_NAMESPACE');
  const capabilities = environment.json('CAPABILITIES', (value) => z.record(z.string(), ENFORCEMENT).parse(value));
  const storageClass = environment.optional('STORAGE_CLASS');
  const identity = environment.optional('POD_NAME');
  return {
    podsImage: environment.text('PODS_IMAGE'),
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
