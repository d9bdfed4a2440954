import { isDid } from '../../core/protocol/did.ts';
import type { ComputeMessage } from '../../core/protocol/signed-messages.ts';
import { signedMessages } from '../../core/protocol/signed-messages.ts';
import { optionalText } from '../input.ts';

export const changedDataset = optionalText.meta({
  description: 'DID of a dataset of the job; a signature over a nonce counts only with it',
});

/**
 * The texts that prove a stop or a delete with a nonce: none without a DID. Digits in its place, or nothing, could be the
 * index and the nonce of a result's address, and whoever was given that address would end the job with it (A5).
 */
export function changeMessages(change: ComputeMessage): readonly string[] {
  return isDid(change.documentId) ? [signedMessages.computeChange(change)] : [];
}
