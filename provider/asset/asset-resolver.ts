import type { MetadataEvent } from '../../contracts/metadata.ts';
import { messageOf } from '../../core/errors.ts';
import { checksumAddress, isAddress } from '../../core/protocol/address.ts';
import type { Ddo } from '../../core/protocol/ddo.ts';
import { didOf, isDid } from '../../core/protocol/did.ts';
import type { Seams } from '../../core/seams.ts';
import type { Chain, Chains } from '../chain/chains.ts';
import type { ProviderConfig } from '../config.ts';
import type { FileSource } from '../files/file-source.ts';
import { checkedDocument } from '../quirks.ts';
import type { Checked, Reason } from '../refusal.ts';
import { passed, refuse, refused } from '../refusal.ts';
import { askUpstream, parseJson } from '../upstream.ts';
import type { Asset } from './asset.ts';
import { decodeDocument, encodedDocumentOf, parseDocument } from './document.ts';
import { createForeignDecryptor } from './foreign-decryptor.ts';

/** Finds assets by DID. What the metadata cache says is a hint; the chain decides. */
export interface AssetResolver {
  resolve(did: string): Promise<Checked<Asset>>;
}

interface Location {
  readonly chain: Chain;
  readonly nft: string;
}

interface Known extends Location {
  /** Place of the event whose document this is. */
  readonly eventKey: string;
  readonly eventBlock: number;
  readonly ddo: Ddo;
  readonly ddoText: string;
}

/** Documents kept in memory; the least recently used one goes first. */
const KEPT = 2000;
const MAX_HINT_BYTES = 10 * 1024 * 1024;

export function createAssetResolver(
  config: ProviderConfig,
  chains: Chains,
  seams: Seams,
  source: Pick<FileSource, 'openUrl'>,
): AssetResolver {
  const known = new Map<string, Known>();
  const foreign = createForeignDecryptor(source, seams);

  /** The NFT cannot be computed from the DID; once known, the cache is no longer needed. */
  async function locate(did: string): Promise<Checked<Location>> {
    const remembered = known.get(did);
    if (remembered) return passed(remembered);
    const hint = await askCache(config, seams, did);
    if (!hint) return refuse(notFound('The metadata cache does not know the DID.'));
    const chain = chains.get(hint.chainId);
    if (!chain) return refuse(notFound('The asset is on a chain that this Provider does not serve.'));
    if (didOf(hint.nft, hint.chainId) !== did)
      return refuse(notFound('The metadata cache names another data NFT than the DID.'));
    if (!(await chain.reader.isNftOfFactory(hint.nft))) {
      return refuse({
        ...notFound('The data NFT was not deployed by the factory.'),
        code: 'ASSET_NOT_FROM_FACTORY',
        rule: 'asset.factory',
      });
    }
    return passed({ chain, nft: hint.nft });
  }

  async function documentOf(did: string, { chain, nft }: Location, event: MetadataEvent): Promise<Checked<Known>> {
    const eventKey = `${event.transactionHash}:${event.logIndex}`;
    const remembered = known.get(did);
    if (remembered?.eventKey === eventKey) return passed(remembered);
    const encoded = encodedDocumentOf(event);
    let bytes = await decodeDocument(encoded, chain.signer);
    if (!bytes.ok && bytes.reason.code === 'DECRYPT_FAILED')
      bytes = await foreign.decrypt(event, encoded, { chain, nft });
    if (!bytes.ok) return bytes;
    const ddo = parseDocument(bytes.value, { did, nft, chainId: chain.chainId });
    if (!ddo.ok) return ddo;
    const ddoText = Buffer.from(bytes.value).toString('utf8');
    const checked = checkedDocument(config.quirks, ddo.value);
    return passed({ chain, nft, eventKey, eventBlock: event.blockNumber, ddo: checked, ddoText });
  }

  function remember(did: string, entry: Known): void {
    known.delete(did);
    known.set(did, entry);
    const oldest = known.keys().next().value;
    if (known.size > KEPT && oldest !== undefined) known.delete(oldest);
  }

  return {
    async resolve(did) {
      if (!isDid(did)) return refuse(notFound('Not a did:op identifier.'));
      const location = await locate(did);
      if (!location.ok) return location;
      const { chain, nft } = location.value;
      const [event, status, owner] = await Promise.all([
        chain.reader.lastMetadata(nft, known.get(did)?.eventBlock),
        chain.reader.metadataStatus(nft),
        chain.reader.owner(nft),
      ]);
      if (!event || !status.hasMetaData) {
        return refuse({
          ...notFound('The data NFT has no metadata.'),
          code: 'DDO_NOT_PUBLISHED',
          rule: 'asset.published',
        });
      }
      const document = await documentOf(did, location.value, event);
      if (!document.ok) return document;
      remember(did, document.value);
      const { ddo, ddoText } = document.value;
      return passed({ did, chain, nft, owner: checksumAddress(owner), state: status.state, ddo, ddoText });
    },
  };
}

async function askCache(
  config: ProviderConfig,
  seams: Seams,
  did: string,
): Promise<{ nft: string; chainId: number } | undefined> {
  let answer;
  try {
    const url = `${config.metadataCacheUrl}/api/aquarius/assets/ddo/${did}`;
    answer = await askUpstream(seams, url, { timeoutMs: config.limits.upstreamTimeoutMs, maxBytes: MAX_HINT_BYTES });
  } catch (error) {
    seams.log.warn('The metadata cache did not answer.', { did, problem: messageOf(error) });
    throw refused(
      'METADATA_CACHE_UNREACHABLE',
      'documentId',
      'cache.answers',
      'The metadata cache cannot be read at the moment.',
    );
  }
  if (answer.status !== 200) return undefined;
  const hint = parseJson(answer.text) as
    | { nftAddress?: unknown; chainId?: unknown; nft?: { address?: unknown } }
    | null
    | undefined;
  const nft = hint?.nftAddress ?? hint?.nft?.address;
  const chainId = Number(hint?.chainId);
  return isAddress(nft) && Number.isSafeInteger(chainId) ? { nft: checksumAddress(nft), chainId } : undefined;
}

function notFound(message: string): Reason {
  return { code: 'DID_NOT_FOUND', field: 'documentId', rule: 'asset.known', message, classic: 'did_not_found' };
}
