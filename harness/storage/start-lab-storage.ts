import type { StartContext } from '../testbed/start-context.ts';
import type { LabStorage } from './lab-storage.ts';
import { sweepLeftovers } from './leftovers.ts';

/**
 * The storage that was chosen: never guessed, never another one. What killed testbeds of the same state root left in
 * others is removed first.
 */
export async function startLabStorage(context: StartContext): Promise<LabStorage> {
  const { config, log } = context;
  const { kept, ...swept } = await sweepLeftovers(config.stateRoot, context.s3Keys);
  if (Object.values(swept).some((count) => count > 0))
    log.of('harness').info('removed what killed testbeds left in a storage', { ...swept });
  for (const reason of kept) log.of('harness').warn('something of a killed testbed stays in a storage', { reason });
  const { startEmbeddedLabStorage, startMinioLabStorage } = await import('./own-lab-storage.ts');
  const { startExistingLabStorage } = await import('./existing-lab-storage.ts');
  switch (config.storage) {
    case 'embedded':
      return startEmbeddedLabStorage(context);
    case 'minio':
      return startMinioLabStorage(context);
    case 'existing':
      return startExistingLabStorage(context);
  }
}
