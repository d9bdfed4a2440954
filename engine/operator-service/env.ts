import { Environment } from '../../core/process/environment.ts';
import { storageFrom } from '../archive/storage-environment.ts';
import { allowedProvidersFrom, inputProvidersFrom, runPart } from '../kubernetes/process-environment.ts';
import { startOperatorService } from './start.ts';

/** The Operator Service as a process of its own. Its variables: docs/operator.md. */
export function runOperatorService(): Promise<number> {
  const environment = new Environment(process.env);
  const storage = storageFrom(environment);
  const allowedProviders = Object.keys(allowedProvidersFrom(environment));
  const inputProviders = Object.keys(inputProvidersFrom(environment));
  return runPart('operator-service', environment, (seams, { namespace, cluster, host, port }) =>
    startOperatorService({
      seams,
      ...cluster,
      namespace,
      storage,
      allowedProviders,
      inputProviders,
      listen: { host, port },
    }),
  );
}
