import { Environment } from '../../core/process/environment.ts';
import { storageFrom } from '../archive/storage-environment.ts';
import { allowedProvidersFrom, inputProvidersFrom, runPart } from '../kubernetes/process-environment.ts';
import { startJobBroker } from './start.ts';

/** The Job Broker as a process of its own. Its variables: docs/operator.md. */
export function runJobBroker(): Promise<number> {
  const environment = new Environment(process.env);
  const storage = storageFrom(environment);
  const allowedProviders = allowedProvidersFrom(environment);
  const inputProviders = inputProvidersFrom(environment);
  const environmentKeys = (environment.optional('ENVIRONMENT_KEYS') ?? '').split(/\s+/).filter((key) => key !== '');
  return runPart('job-broker', environment, (seams, { namespace, cluster, host, port }) =>
    startJobBroker({
      seams,
      ...cluster,
      namespace,
      storage,
      allowedProviders,
      inputProviders: () => inputProviders,
      environmentKeys,
      listen: { host, port },
    }),
  );
}
