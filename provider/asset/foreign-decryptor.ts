import type { MetadataEvent } from '../../contracts/metadata.ts';
import { messageOf } from '../../core/errors.ts';
import { isDocumentHash } from '../../core/protocol/metadata-encoding.ts';
import { signedMessages } from '../../core/protocol/signed-messages.ts';
import type { Seams } from '../../core/seams.ts';
import type { Chain } from '../chain/chains.ts';
import { withoutSlash } from '../config.ts';
import type { FileSource } from '../files/file-source.ts';
import { readBounded } from '../files/read-bounded.ts';
import type { Checked } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import type { EncodedDocument } from './document.ts';

/** Asks the Provider that a document was encrypted for. Its answer must have the hash that the chain records. */
export interface ForeignDecryptor {
  decrypt(
    event: MetadataEvent,
    encoded: EncodedDocument,
    at: { chain: Chain; nft: string },
  ): Promise<Checked<Uint8Array>>;
}

const MAX_DOCUMENT_BYTES = 10 * 1024 * 1024;

/** The URL comes from the chain, so anybody may have written it: it passes the safe-URL rule like a file's. */
export function createForeignDecryptor(source: Pick<FileSource, 'openUrl'>, seams: Seams): ForeignDecryptor {
  let lastNonce = 0;
  return {
    async decrypt(event, encoded, { chain, nft }) {
      lastNonce = Math.max(seams.clock.now(), lastNonce + 1);
      const { address } = chain.signer;
      const message = signedMessages.decrypt(event.transactionHash, address, String(chain.chainId), String(lastNonce));
      const body = {
        transactionId: event.transactionHash,
        chainId: chain.chainId,
        decrypterAddress: address,
        dataNftAddress: nft,
        nonce: String(lastNonce),
        signature: await chain.signer.signMessage(message),
      };
      const url = `${withoutSlash(event.decryptorUrl)}/api/services/decrypt`;
      try {
        const answer = await source.openUrl(
          { url, method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
          { isReadHere: true },
        );
        if (!answer.ok) return unreadable(answer.reason.message);
        const bytes = await readBounded(answer.value.body, MAX_DOCUMENT_BYTES);
        if (isDocumentHash(bytes, encoded.hash, encoded.flags)) return passed(bytes);
        return unreadable('its Provider answered another document.');
      } catch (error) {
        seams.log.debug('A foreign document could not be decrypted.', {
          chainId: chain.chainId,
          nft,
          problem: messageOf(error),
        });
        return unreadable('its Provider did not answer.');
      }
    },
  };
}

function unreadable(why: string): Checked<never> {
  return refuse({
    code: 'DDO_UNREADABLE',
    field: 'documentId',
    rule: 'document.decryptor',
    message: `The document was encrypted for another Provider: ${why}`,
    classic: 'did_not_found',
  });
}
