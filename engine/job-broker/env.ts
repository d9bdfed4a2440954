import { Environment } from '../../core/process/environment.ts';
import { storageFrom } from '../archive/storage-environment.ts';
import { allowedProvidersFrom, runPart } from '../kubernetes/process-environment.ts';
import { startJobBroker } from './start.ts';

/** The Job Broker as a process of its own. Its variables: docs/operator.md. */
export function runJobBroker(): Promise<number> {
  const environment = new Environment(process.env);
  const storage = storageFrom(environment);
  const allowedProviders = allowedProvidersFrom(environment);
  return runPart('job-broker', environment, (seams, { namespace, cluster, host, port }) =>
    startJobBroker({ seams, ...cluster, namespace, storage, allowedProviders, listen: { host, port } }),
  );
}
