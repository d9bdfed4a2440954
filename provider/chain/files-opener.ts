import { fromHex } from '../../core/protocol/hashing.ts';
import type { Signer } from '../signer.ts';

/** Opened blobs kept in memory; the least recently used one goes first. */
const KEPT = 500;

/**
 * Decrypts `files` of services. The same blob is opened for a quote, a start and each of a job's inputs, and opening
 * costs milliseconds of curve work.
 * @throws Error when it was not written for this signer
 */
export function createFilesOpener(signer: Signer): (files: string) => Promise<string> {
  const known = new Map<string, string>();
  return async (files) => {
    const text = known.get(files) ?? Buffer.from(await signer.decrypt(fromHex(files))).toString('utf8');
    known.delete(files);
    known.set(files, text);
    const oldest = known.keys().next().value;
    if (known.size > KEPT && oldest !== undefined) known.delete(oldest);
    return text;
  };
}
