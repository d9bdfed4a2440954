/**
 * The exact texts that users sign (plain concatenation, no separators), as Provider 2.1.6 and ocean.js 3.4.6 build them.
 * `consumerAddress` enters as it was sent: its case matters to the signature.
 */
export interface ComputeMessage {
  readonly consumerAddress: string;
  readonly jobId?: string | undefined;
  readonly documentId?: string | undefined;
  readonly nonce: string;
}

export const signedMessages = {
  download: (documentId: string, nonce: string) => documentId + nonce,
  computeStart: (m: ComputeMessage) => m.consumerAddress + (m.jobId ?? '') + (m.documentId ?? '') + m.nonce,
  /** Stop and delete; ocean.js up to 3.2. */
  computeChange: (m: ComputeMessage) => m.consumerAddress + (m.jobId ?? '') + (m.documentId ?? '') + m.nonce,
  /** Stop as ocean.js 3.3 and later sign it: no nonce inside, although they send one. */
  computeStopWithoutNonce: (m: Pick<ComputeMessage, 'consumerAddress' | 'jobId'>) =>
    m.consumerAddress + (m.jobId ?? ''),
  computeResult: (consumerAddress: string, jobId: string, index: string, nonce: string) =>
    consumerAddress + jobId + index + nonce,
  decrypt: (subject: string, decrypterAddress: string, chainId: string, nonce: string) =>
    subject + decrypterAddress + chainId + nonce,
  authToken: (address: string, nonce: string) => address + nonce,
} as const;
