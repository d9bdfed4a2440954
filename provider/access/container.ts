import type { AlgorithmContainer } from '../../core/protocol/workflow.ts';
import type { Checked } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';

/** The image is pulled by its digest and the tag is ignored: without a whole digest nobody knows what would run. */
const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function checkContainer(value: unknown, field: string): Checked<AlgorithmContainer> {
  const { entrypoint, image, tag, checksum } = (value ?? {}) as Record<string, unknown>;
  if (!isText(entrypoint) || !isText(image) || !isText(checksum)) {
    return refuse({
      code: 'CONTAINER_INCOMPLETE',
      field,
      rule: 'container.fields',
      message: 'The container needs entrypoint, image and checksum.',
      classic: 'missing_entrypoint_image_checksum',
    });
  }
  if (!DIGEST.test(checksum)) {
    return refuse({
      code: 'CONTAINER_CHECKSUM',
      field,
      rule: 'container.checksum',
      message: "The container's checksum must be sha256: and 64 hex digits.",
      classic: 'checksum_prefix',
    });
  }
  return passed({ entrypoint, image, tag: isText(tag) ? tag : 'latest', checksum });
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
