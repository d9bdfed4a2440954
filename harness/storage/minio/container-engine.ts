import type { ContainerRuntimeClient } from 'testcontainers';
import { WavetankError, messageOf } from '../../../core/errors.ts';

/** On every container of ours: whose it is. What carries it with another value, or not at all, is never touched. */
export const INSTANCE_LABEL = 'wavetank.instance';
export const PART_LABEL = 'wavetank.part';

/**
 * The Docker engine as Testcontainers finds it. Loaded here and not before: nobody else pays for it.
 * @throws WavetankError DOCKER_UNAVAILABLE (environment)
 */
export async function connectEngine(): Promise<ContainerRuntimeClient> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  try {
    return await getContainerRuntimeClient();
  } catch (error) {
    throw new WavetankError('DOCKER_UNAVAILABLE', `No Docker engine answers: ${messageOf(error)}.`, {
      category: 'environment',
      hint: 'Start Docker (`docker version` must name a server), or use --storage embedded.',
      cause: error,
    });
  }
}

/** Whether the engine has an image; nothing is pulled. */
export async function hasImage(engine: ContainerRuntimeClient, image: string): Promise<boolean> {
  const { ImageName } = await import('testcontainers');
  return engine.image.exists(ImageName.fromString(image));
}

/** Removes the containers of one instance and their volumes, whatever state they are in; says how many. */
export async function removeContainers(engine: ContainerRuntimeClient, instance: string): Promise<number> {
  const { dockerode } = engine.container;
  const filters = { label: [`${INSTANCE_LABEL}=${instance}`, `${PART_LABEL}=minio`] };
  const found = await dockerode.listContainers({ all: true, filters });
  await Promise.all(
    found.map(async ({ Id }) => {
      try {
        await dockerode.getContainer(Id).remove({ force: true, v: true });
      } catch (error) {
        // 404: somebody else was faster. 409: it is being removed already.
        const { statusCode } = error as { statusCode?: number };
        if (statusCode !== 404 && statusCode !== 409) throw error;
      }
    }),
  );
  return found.length;
}
