import type { MetadataEvent } from '../../contracts/metadata.ts';
import type { Clock } from '../../core/clock.ts';
import { messageOf, WavetankError } from '../../core/errors.ts';
import type { HttpAnswer } from '../../core/http-request.ts';
import { isRedirect, readBody, sendRequest } from '../../core/http-request.ts';
import type { Net } from '../../core/net.ts';
import { checksumAddress } from '../../core/protocol/address.ts';
import { fromHex } from '../../core/protocol/hashing.ts';
import { decompressXz, isDocumentHash, METADATA_FLAGS } from '../../core/protocol/metadata-encoding.ts';
import { signedMessages } from '../../core/protocol/signed-messages.ts';
import { addressOfPrivateKey, signMessage } from '../../core/protocol/signing.ts';

const DECRYPT_TIMEOUT_MS = 10_000;
const MAX_DOCUMENT_BYTES = 10 * 1024 * 1024;

export interface DocumentDecoder {
  /**
   * The JSON text of a metadata event's document, its hash checked.
   * @throws WavetankError DECRYPT_FAILED (may pass), DECRYPT_REFUSED, DOCUMENT_HASH_DIFFERS, DOCUMENT_NOT_XZ, DOCUMENT_TOO_LARGE
   */
  decode(event: MetadataEvent): Promise<string>;
}

export interface DecoderOptions {
  readonly net: Net;
  readonly clock: Clock;
  readonly chainId: number;
  /** The cache's own key: a Provider may let only named decrypters read documents. */
  readonly privateKey: string;
}

/** Encrypted documents are read by the Provider that the event names; the others here. */
export function createDocumentDecoder({ net, clock, chainId, privateKey }: DecoderOptions): DocumentDecoder {
  const address = addressOfPrivateKey(privateKey);
  let lastNonce = 0;
  const nextNonce = (): string => String((lastNonce = Math.max(lastNonce + 1, clock.now())));

  const askProvider = async (event: MetadataEvent): Promise<Uint8Array> => {
    const nonce = nextNonce();
    const message = signedMessages.decrypt(event.transactionHash, address, String(chainId), nonce);
    const body = {
      transactionId: event.transactionHash,
      chainId,
      decrypterAddress: address,
      dataNftAddress: checksumAddress(event.emitter),
      signature: signMessage(message, privateKey),
      nonce,
    };
    const url = `${event.decryptorUrl.replace(/\/+$/, '')}/api/services/decrypt`;
    let answer: HttpAnswer;
    try {
      answer = await sendRequest(net, url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(DECRYPT_TIMEOUT_MS),
      });
    } catch (cause) {
      throw new WavetankError('DECRYPT_FAILED', `The Provider of an asset cannot be reached: ${messageOf(cause)}`, {
        cause,
      });
    }
    const bytes = await readBounded(answer.body);
    if (answer.status >= 200 && answer.status < 300) return bytes;
    const code = answer.status >= 500 || isRedirect(answer.status) ? 'DECRYPT_FAILED' : 'DECRYPT_REFUSED';
    throw new WavetankError(code, `The Provider answered ${answer.status} to a request to decrypt.`, {
      details: { status: answer.status, answer: Buffer.from(bytes).toString('utf8').slice(0, 500) },
    });
  };

  return {
    async decode(event) {
      const flags = fromHex(event.flags)[0] ?? 0;
      const isEncrypted = (flags & METADATA_FLAGS.encrypted) !== 0;
      const isCompressed = (flags & METADATA_FLAGS.compressed) !== 0;
      // The Provider answers the document itself: it decompresses too.
      const raw = isEncrypted ? await askProvider(event) : fromHex(event.data);
      const document = isCompressed && !isEncrypted ? await decompressXz(raw) : raw;
      if (!isDocumentHash(document, event.metaDataHash, flags)) {
        throw new WavetankError('DOCUMENT_HASH_DIFFERS', 'The document is not the one whose hash is on the chain.');
      }
      return Buffer.from(document).toString('utf8');
    },
  };
}

async function readBounded(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const tooLarge = (): WavetankError =>
    new WavetankError('DOCUMENT_TOO_LARGE', 'The Provider sent more than 10 MiB for a document.');
  return new Uint8Array(await readBody(body, MAX_DOCUMENT_BYTES, tooLarge));
}
