import type { MetadataEvent } from '../../contracts/metadata.ts';
import { WavetankError, messageOf } from '../../core/errors.ts';
import { isAddress, sameAddress } from '../../core/protocol/address.ts';
import type { Ddo } from '../../core/protocol/ddo.ts';
import { validateDdo } from '../../core/protocol/ddo.ts';
import { didOf } from '../../core/protocol/did.ts';
import { fromHex } from '../../core/protocol/hashing.ts';
import { METADATA_FLAGS, decompressXz, isDocumentHash } from '../../core/protocol/metadata-encoding.ts';
import type { Checked, Reason } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import type { Signer } from '../signer.ts';
import { parseJson } from '../upstream.ts';

/** The bytes and flags of a metadata event or of a /decrypt request. */
export interface EncodedDocument {
  readonly data: Uint8Array;
  readonly flags: number;
  /** 0x hex. */
  readonly hash: string;
}

export function encodedDocumentOf(event: MetadataEvent): EncodedDocument {
  return { data: fromHex(event.data), flags: fromHex(event.flags)[0] ?? 0, hash: event.metaDataHash };
}

/** Decrypts, unpacks and checks the hash, in this order. The classic texts are those of POST /decrypt. */
export async function decodeDocument(encoded: EncodedDocument, signer: Signer): Promise<Checked<Uint8Array>> {
  let bytes = encoded.data;
  if ((encoded.flags & METADATA_FLAGS.encrypted) !== 0) {
    try {
      bytes = await signer.decrypt(bytes);
    } catch {
      // The library's reason is about key material and helps nobody.
      return refuse(
        documentReason(
          'DECRYPT_FAILED',
          'document.key',
          'The document was not encrypted for this Provider.',
          'Failed to decrypt.',
        ),
      );
    }
  }
  if ((encoded.flags & METADATA_FLAGS.compressed) !== 0) {
    try {
      bytes = await decompressXz(bytes);
    } catch (error) {
      const message = error instanceof WavetankError ? messageOf(error) : 'The document cannot be unpacked.';
      return refuse(documentReason('DDO_INVALID', 'document.compression', message, 'Failed to decompress'));
    }
  }
  if (!isDocumentHash(bytes, encoded.hash, encoded.flags)) {
    return refuse(
      documentReason(
        'DDO_HASH_MISMATCH',
        'document.hash',
        'The document does not have the recorded hash.',
        "Checksum doesn't match.",
      ),
    );
  }
  return passed(bytes);
}

/** A valid DDO of exactly this asset. */
export function parseDocument(
  bytes: Uint8Array,
  expected: { did: string; nft: string; chainId: number },
): Checked<Ddo> {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return refuse(documentReason('DDO_INVALID', 'document.json', 'The document is no JSON.', 'did_not_found'));
  }
  const validated = validateDdo(document);
  if (!validated.ok) {
    const listed = validated.problems
      .slice(0, 5)
      .map(({ field, message }) => `${field}: ${message}`)
      .join('; ');
    return refuse(
      documentReason('DDO_INVALID', 'document.schema', `The DDO is not valid: ${listed}.`, 'did_not_found'),
    );
  }
  const { ddo } = validated;
  if (ddo.id !== expected.did || ddo.chainId !== expected.chainId || !sameAddress(ddo.nftAddress, expected.nft)) {
    return refuse(
      documentReason('DDO_INVALID', 'document.identity', 'The document describes another asset.', 'did_not_found'),
    );
  }
  return passed(ddo);
}

/** Whether a document, valid or not, names a data NFT as its own: by its DID or by its address. */
export function describesNft(bytes: Uint8Array, { nft, chainId }: { nft: string; chainId: number }): boolean {
  const document = parseJson(Buffer.from(bytes).toString('utf8'));
  const named = (document ?? {}) as { id?: unknown; chainId?: unknown; nftAddress?: unknown };
  if (named.id === didOf(nft, chainId)) return true;
  return named.chainId === chainId && isAddress(named.nftAddress) && sameAddress(named.nftAddress, nft);
}

function documentReason(code: Reason['code'], rule: string, message: string, classic: string): Reason {
  return { code, field: 'documentId', rule, message, classic };
}
