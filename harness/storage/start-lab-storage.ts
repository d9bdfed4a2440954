import { WavetankError } from '../../core/errors.ts';
import type { StartContext } from '../testbed/start-context.ts';
import type { LabStorage } from './lab-storage.ts';

/** The storage that was chosen: never guessed, never another one. */
export async function startLabStorage(context: StartContext): Promise<LabStorage> {
  const { storage } = context.config;
  if (storage === 'embedded') {
    const { startEmbeddedLabStorage } = await import('./embedded-lab-storage.ts');
    return startEmbeddedLabStorage(context);
  }
  throw new WavetankError('BACKEND_MISSING', `The storage ${storage} is not available here.`, {
    category: 'environment',
  });
}
