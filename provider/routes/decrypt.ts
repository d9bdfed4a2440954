import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { checksumAddress } from '../../core/protocol/address.ts';
import { fromHex } from '../../core/protocol/hashing.ts';
import { signedMessages } from '../../core/protocol/signed-messages.ts';
import { refusalOfReading } from '../access/asset-state.ts';
import type { EncodedDocument } from '../asset/document.ts';
import { decodeDocument, describesNft, encodedDocumentOf } from '../asset/document.ts';
import type { Chain } from '../chain/chains.ts';
import type { ProviderContext } from '../context.ts';
import { addressField, authTokenOf, optionalText, proofFields, readInput, textNumber } from '../input.ts';
import { Refused, orRefuse, refused } from '../refusal.ts';

const hex = z.string().regex(/^(0x)?([0-9a-fA-F]{2})*$/, 'is not hex');

export const schema = z.object({
  decrypterAddress: addressField,
  chainId: textNumber,
  dataNftAddress: addressField,
  transactionId: optionalText,
  encryptedDocument: hex.nullish(),
  flags: z.coerce.number().int().min(0).max(255).nullish(),
  documentHash: hex.nullish(),
  ...proofFields,
});

type DecryptRequest = z.infer<typeof schema>;

export function registerDecrypt(app: FastifyInstance, { chains, authenticator, config }: ProviderContext): void {
  app.post('/api/services/decrypt', async (request, reply) => {
    const input = readInput(request, schema);
    const message = signedMessages.decrypt(
      input.transactionId ?? input.dataNftAddress,
      input.decrypterAddress,
      input.chainId,
      input.nonce,
    );
    const proof = {
      address: input.decrypterAddress,
      nonce: input.nonce,
      signature: input.signature,
      authToken: authTokenOf(request),
    };
    await authenticator.authenticate(proof, [message]);
    const chain = chains.require(Number(input.chainId));
    checkDecrypter(input.decrypterAddress, config.authorizedDecrypters);
    const nft = checksumAddress(input.dataNftAddress);
    if (!(await chain.reader.isNftOfFactory(nft))) {
      throw refused(
        'ASSET_NOT_FROM_FACTORY',
        'dataNftAddress',
        'asset.factory',
        'Asset not deployed by the data NFT factory.',
      );
    }
    const encoded = await encodedDocument(input, chain, nft);
    await checkState(chain, nft);
    const document = orRefuse(await decodeDocument(encoded, chain.signer), 'text');
    checkSubject(document, chain, nft);
    return reply.code(201).type('text/plain; charset=utf-8').send(Buffer.from(document));
  });
}

/** Compared whatever the spelling (T10). */
function checkDecrypter(address: string, authorized: readonly string[]): void {
  if (authorized.length === 0 || authorized.includes(checksumAddress(address))) return;
  throw refused('DECRYPTER_NOT_AUTHORIZED', 'decrypterAddress', 'decrypt.authorized', 'Decrypter not authorized');
}

/** The state that was looked at is this NFT's, so the document must be, too: whoever has its bytes may send them along with any NFT (T10). */
function checkSubject(document: Uint8Array, { chainId }: Chain, nft: string): void {
  if (describesNft(document, { nft, chainId })) return;
  throw refused('DDO_INVALID', 'dataNftAddress', 'document.identity', 'The document describes another asset.');
}

/** A transaction counts only by what this very NFT emitted in it: another's document must not pass under its state (T10). */
async function encodedDocument(input: DecryptRequest, chain: Chain, nft: string): Promise<EncodedDocument> {
  if (input.transactionId !== undefined) {
    const isHash = /^0x[0-9a-fA-F]{64}$/.test(input.transactionId);
    const event = isHash ? await chain.reader.metadataOfTransaction(input.transactionId, nft) : undefined;
    if (event) return encodedDocumentOf(event);
    throw refused(
      'METADATA_TX_INVALID',
      'transactionId',
      'decrypt.transaction',
      'The transaction holds no metadata event of this data NFT.',
      'Failed to process transaction id.',
    );
  }
  const { encryptedDocument, flags, documentHash } = input;
  if (encryptedDocument == null || flags == null || documentHash == null) {
    const message = 'transactionId, or all of encryptedDocument, flags and documentHash are needed.';
    throw refused(
      'INVALID_REQUEST',
      'transactionId',
      'request.field',
      message,
      'Failed to convert input args to bytes.',
    );
  }
  return { data: fromHex(encryptedDocument), flags, hash: documentHash };
}

async function checkState(chain: Chain, nft: string): Promise<void> {
  const refusal = refusalOfReading((await chain.reader.metadataStatus(nft)).state);
  if (!refusal) return;
  const { code, text } = refusal;
  const reason = { code, field: 'dataNftAddress', rule: 'asset.state', message: `${text}.`, classic: text };
  throw new Refused(reason, 'text', code === 'ASSET_STATE_UNKNOWN' ? 400 : 403);
}
