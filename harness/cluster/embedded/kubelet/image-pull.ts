import { isWavetankError, messageOf } from '../../../../core/errors.ts';
import type { CatalogueImage } from './images.ts';
import type { NodeServices } from './node-services.ts';
import type { Pod } from './pod-types.ts';

const FIRST_BACKOFF_MS = 10_000;
const LONGEST_BACKOFF_MS = 300_000;
/** How long an error shows before it turns into a back-off, as a real kubelet's two states alternate. */
const ERROR_SHOWN_MS = 1000;

export interface PullContext {
  pod(): Pod;
  readonly signal: AbortSignal;
  onWaiting(waiting: { readonly reason: string; readonly message: string }): void;
}

/**
 * Finds an image; while there is none, tries again and says ErrImagePull and ImagePullBackOff in turn.
 * Rejects with the signal's reason.
 */
export async function pullImage(
  services: NodeServices,
  reference: string,
  context: PullContext,
): Promise<CatalogueImage> {
  const { images, api, clock } = services;
  const record = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
    api.recordEvent(context.pod(), type, reason, message, 'kubelet');
  for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS)) {
    try {
      const image = images.resolve(reference);
      record('Normal', 'Pulled', `Container image "${reference}" already present on machine`);
      return image;
    } catch (error) {
      const reason = isWavetankError(error, 'IMAGE_NAME_INVALID') ? 'InvalidImageName' : 'ErrImagePull';
      const message = messageOf(error);
      record('Warning', 'Failed', `Failed to pull image "${reference}": ${message}`);
      record('Warning', 'Failed', `Error: ${reason}`);
      context.onWaiting({ reason, message });
      await clock.sleep(ERROR_SHOWN_MS, context.signal);
      if (reason === 'ErrImagePull') {
        const backOff = `Back-off pulling image "${reference}"`;
        record('Normal', 'BackOff', backOff);
        context.onWaiting({ reason: 'ImagePullBackOff', message: `${backOff}: ErrImagePull: ${message}` });
      }
      await clock.sleep(backoffMs, context.signal);
    }
  }
}
