import type { MetadataStatus } from '../../contracts/metadata.ts';
import { didOf } from '../../core/protocol/did.ts';
import type { DdoService } from '../../core/protocol/ddo.ts';
import type { Asset, AssetService } from '../asset/asset.ts';
import type { ChainReader } from '../chain/chain-reader.ts';
import type { Chain } from '../chain/chains.ts';
import { createFilesOpener } from '../chain/files-opener.ts';
import { createLocalSigner } from '../signer.ts';

/** Test values: keys of one repeated byte hold nothing. */
export const PROVIDER_KEY = `0x${'11'.repeat(32)}`;
export const USER_KEY = `0x${'22'.repeat(32)}`;
export const STRANGER_KEY = `0x${'33'.repeat(32)}`;

export const NFT = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
export const DATATOKEN = '0x00000000000000000000000000000000000000d7';
export const OWNER = '0x00000000000000000000000000000000000000A0';
export const USER = '0x1563915e194D8CfBA1943570603F7606A3115508';
export const STRANGER = '0x5CbDd86a2FA8Dc4bDdd8a8f69dBa48572EeC07FB';
export const ENVIRONMENT_ADDRESS = '0x00000000000000000000000000000000000000E1';
export const FACTORY = '0x00000000000000000000000000000000000000fA';
export const FEE_TOKEN = '0x00000000000000000000000000000000000000F7';

export const ACTIVE: MetadataStatus = { decryptorUrl: '', decryptorAddress: '', state: 0, hasMetaData: true };

/** A chain that answers what a test says, and refuses to be asked anything else. */
export function chainOf(reader: Partial<ChainReader> = {}, overrides: Partial<Chain> = {}): Chain {
  const unexpected = (name: string) => () => Promise.reject(new Error(`the test did not expect ${name}`));
  const names = [
    'orderReceipt',
    'isNftOfFactory',
    'isDatatokenOfNft',
    'datatokenTemplate',
    'metadataStatus',
    'owner',
    'lastMetadata',
    'metadataOfTransaction',
    'callFunction',
    'time',
    'decimals',
    'isContractSignature',
    'recordDownload',
  ];
  const refusing = Object.fromEntries(names.map((name) => [name, unexpected(name)])) as unknown as ChainReader;
  const signer = createLocalSigner(PROVIDER_KEY);
  return {
    chainId: 8996,
    name: 'Ganache',
    factory: FACTORY,
    feeToken: FEE_TOKEN,
    startBlock: 0,
    confirmations: 0,
    signer,
    openFiles: createFilesOpener(signer),
    reader: { ...refusing, close: () => undefined, ...reader },
    ...overrides,
  };
}

export function serviceOf(overrides: Partial<DdoService> = {}): DdoService {
  return {
    id: 'svc-1',
    type: 'compute',
    files: '0x00',
    datatokenAddress: DATATOKEN,
    serviceEndpoint: 'http://127.0.0.1:8030',
    timeout: 3600,
    compute: { allowRawAlgorithm: false, allowNetworkAccess: false },
    ...overrides,
  };
}

export function assetOf(
  overrides: { asset?: Partial<Asset>; service?: Partial<DdoService>; type?: 'dataset' | 'algorithm' } = {},
): AssetService {
  const service = serviceOf(overrides.service);
  const did = didOf(NFT, 8996);
  const ddo: Asset['ddo'] = {
    id: did,
    version: '4.1.0',
    chainId: 8996,
    nftAddress: NFT,
    metadata: {
      created: '2026-01-01T00:00:00Z',
      updated: '2026-01-01T00:00:00Z',
      name: 'n',
      description: 'd',
      type: overrides.type ?? 'dataset',
      author: 'a',
      license: 'MIT',
    },
    services: [service],
  };
  const asset: Asset = {
    did,
    chain: chainOf(),
    nft: NFT,
    owner: OWNER,
    state: 0,
    ddo,
    ddoText: JSON.stringify(ddo),
    ...overrides.asset,
  };
  return { asset, service, index: 0 };
}
