import type { Ddo } from '../../core/protocol/ddo.ts';
import type { Answer } from '../scenario/checks.ts';
import type {
  AssetState,
  FileEntry,
  FileInfo,
  NewAlgorithm,
  NewDataset,
  PublishedAsset,
  TrustEntry,
} from './assets.ts';

/** What a data or code owner does, over JSON-RPC and HTTP alone. Nothing throws for an ordinary refusal. */
export interface Publisher {
  /** NFT, datatoken and fixed-rate exchange in one transaction, encrypted files and document, validated by the metadata cache. */
  publishDataset(dataset: NewDataset): Promise<Answer<PublishedAsset>>;
  publishAlgorithm(algorithm: NewAlgorithm): Promise<Answer<PublishedAsset>>;
  /** What the Provider encrypts: the answer is `0x` hex. */
  encrypt(plaintext: string | Uint8Array): Promise<Answer<string>>;
  /** Encrypts a files object bound to the asset, as publishing does. */
  encryptFiles(asset: Pick<PublishedAsset, 'nft' | 'datatoken'>, files: readonly FileEntry[]): Promise<Answer<string>>;
  /** Publishes a changed document (`MetadataUpdated`). */
  updateMetadata(asset: PublishedAsset, edit: (ddo: Ddo) => Ddo): Promise<Answer<PublishedAsset>>;
  setState(asset: PublishedAsset, state: AssetState): Promise<Answer<string>>;
  /** What a trust list would say of this algorithm now: checksums of the bytes that its files have at this moment. */
  trustEntryOf(algorithm: PublishedAsset): Promise<Answer<TrustEntry>>;
  /** Adds the algorithm's entry, replacing an older one of the same DID, to the dataset's trust list. */
  approveAlgorithm(dataset: PublishedAsset, algorithm: PublishedAsset): Promise<Answer<PublishedAsset>>;
  fileInfo(asset: PublishedAsset, options?: { serviceId?: string; checksum?: boolean }): Promise<Answer<FileInfo[]>>;
  /** The document as the metadata cache answers it. */
  resolve(did: string): Promise<Answer<Ddo & { readonly nft: { readonly state: number } }>>;
}
