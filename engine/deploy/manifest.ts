import type { KubeObject, Resource } from '../kubernetes/objects.ts';

/** An object and where it goes. */
export interface Manifest {
  readonly resource: Resource;
  readonly object: KubeObject;
}
