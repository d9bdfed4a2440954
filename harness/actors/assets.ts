import type { Credentials, Ddo, DdoService } from '../../core/protocol/ddo.ts';

/** An entry of the files object that the Provider encrypts. A plain text is short for a `url` file. */
export type FileEntry =
  | string
  | {
      readonly type: 'url';
      readonly url: string;
      readonly method?: 'GET' | 'POST';
      readonly headers?: Readonly<Record<string, string>>;
    }
  | (Readonly<Record<string, unknown>> & { readonly type: string });

interface NewAsset {
  readonly name?: string;
  readonly description?: string;
  readonly files: readonly FileEntry[];
  /** Seconds that an order stays valid; 0 = for ever. Default one day. */
  readonly timeoutSeconds?: number;
  /** Whole OCEAN for one datatoken at the fixed-rate exchange. Default "1". */
  readonly price?: string;
  readonly credentials?: Credentials;
  /** The last word on the document before it is hashed, encrypted and published. */
  readonly edit?: (ddo: Ddo) => Ddo;
}

export interface NewDataset extends NewAsset {
  readonly trustedAlgorithms?: readonly TrustEntry[];
  readonly trustedPublishers?: readonly string[];
  readonly allowRawAlgorithm?: boolean;
  readonly allowNetworkAccess?: boolean;
  /** Offer the files for download too, as a second service with id `access`. Default false. */
  readonly withAccessService?: boolean;
}

export interface NewAlgorithm extends NewAsset {
  readonly container: AlgorithmContainerSection;
}

/** `metadata.algorithm.container`. `testbed.images.node` gives image, tag and checksum of one that runs everywhere. */
export interface AlgorithmContainerSection {
  readonly entrypoint: string;
  readonly image: string;
  readonly tag: string;
  /** `sha256:…` of the image. */
  readonly checksum: string;
}

/** What a trust list says of one algorithm. */
export interface TrustEntry {
  readonly did: string;
  readonly filesChecksum: string;
  readonly containerSectionChecksum: string;
}

/** An asset as its publisher knows it. */
export interface PublishedAsset {
  readonly did: string;
  readonly nft: string;
  readonly datatoken: string;
  /** Of the fixed-rate exchange that sells the datatoken. */
  readonly exchangeId: string;
  readonly ddo: Ddo;
  /** The first service: the compute service of a dataset, the access service of an algorithm. */
  readonly service: DdoService;
  /** Of the metadata event that carries `ddo`. */
  readonly transactionHash: string;
}

/** `nft.state` as the contract numbers it. */
export const ASSET_STATE = {
  active: 0,
  endOfLife: 1,
  deprecated: 2,
  revoked: 3,
  orderingDisabled: 4,
  unlisted: 5,
} as const;
export type AssetState = keyof typeof ASSET_STATE;

/** One file as `fileinfo` tells of it. */
export interface FileInfo {
  readonly index: number;
  readonly valid: boolean;
  readonly contentLength?: string;
  readonly contentType?: string;
  readonly filename?: string;
  readonly checksum?: string;
}
