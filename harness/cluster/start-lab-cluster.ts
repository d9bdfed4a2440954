import type { StartContext } from '../testbed/start-context.ts';
import type { LabCluster } from './lab-cluster.ts';

/** The backend that was chosen: never guessed, never another one. */
export async function startLabCluster(context: StartContext): Promise<LabCluster> {
  const { backend } = context.config;
  if (backend === 'embedded') {
    const { startEmbeddedLabCluster } = await import('./embedded-lab-cluster.ts');
    return startEmbeddedLabCluster(context);
  }
  if (backend === 'kind') {
    const { startKindLabCluster } = await import('./kind-lab-cluster.ts');
    return startKindLabCluster(context);
  }
  const { startExistingLabCluster } = await import('./existing-lab-cluster.ts');
  return startExistingLabCluster(context);
}
