import type { ContainerRuntimeClient } from 'testcontainers';
import { WavetankError, messageOf } from '../../../core/errors.ts';

/** On every container of ours, for people: testbeds of two state folders may have the same name. */
export const INSTANCE_LABEL = 'wavetank.instance';
export const PART_LABEL = 'wavetank.part';
/** Whose it is. What carries it with another value is never touched. */
export const TOKEN_LABEL = 'wavetank.token';

/** Of one MinIO, as the journal has it. */
export interface ContainerOwner {
  readonly instance: string;
  /** Absent in entries of older versions, whose containers have none either. */
  readonly token?: string | undefined;
}

export function containerLabels({ instance, token }: ContainerOwner): Record<string, string> {
  return {
    [INSTANCE_LABEL]: instance,
    [PART_LABEL]: 'minio',
    ...(token === undefined ? {} : { [TOKEN_LABEL]: token }),
  };
}

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

/** The part of an engine that removing takes. */
export interface ContainerRemover {
  readonly container: { readonly dockerode: Pick<Dockerode, 'listContainers' | 'getContainer'> };
}
type Dockerode = ContainerRuntimeClient['container']['dockerode'];

/** Removes the containers of one owner and their volumes, whatever state they are in; says how many. */
export async function removeContainers(engine: ContainerRemover, owner: ContainerOwner): Promise<number> {
  const { dockerode } = engine.container;
  const filters = { label: Object.entries(containerLabels(owner)).map(([name, value]) => `${name}=${value}`) };
  const named = await dockerode.listContainers({ all: true, filters });
  const found = named.filter(({ Labels }) => Labels[TOKEN_LABEL] === owner.token);
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
