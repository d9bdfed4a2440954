import { containerSectionChecksum, filesChecksum } from '../../core/protocol/checksums.ts';
import type { Ddo, DdoService } from '../../core/protocol/ddo.ts';
import { WavetankError } from '../../core/errors.ts';
import { algorithmDdo, datasetDdo, serialiseDdo } from '../../fixtures/assets/ddo.ts';
import type { AssetOptions } from '../../fixtures/assets/ddo.ts';
import type { Answer } from '../scenario/checks.ts';
import type { Account } from './account.ts';
import type {
  AssetState,
  FileEntry,
  FileInfo,
  NewAlgorithm,
  NewDataset,
  PublishedAsset,
  TrustEntry,
} from './assets.ts';
import { ASSET_STATE } from './assets.ts';
import type { OutsideHttp } from './outside-http.ts';
import type { ProviderClient } from './provider-client.ts';
import type { Publisher } from './publisher.ts';

export interface PublisherParts {
  readonly name: string;
  readonly account: Account;
  readonly provider: ProviderClient;
  readonly http: OutsideHttp;
  readonly metadataCacheUrl: string;
}

type BuildDdo = (parts: AssetOptions) => Ddo;

/** Ocean's flag for a document that only the Provider can read. */
const ENCRYPTED = '0x02';

export function createPublisher(parts: PublisherParts): Publisher {
  const { account, provider, http, metadataCacheUrl } = parts;
  const steps = publishingSteps(parts);

  async function publish(asset: NewDataset | NewAlgorithm, build: BuildDdo): Promise<Answer<PublishedAsset>> {
    const created = await account.transact((ocean) =>
      ocean.createNftWithErc20WithFixedRate(
        { name: asset.name ?? 'Asset', symbol: 'WAVE' },
        { baseToken: account.addresses.Ocean, baseTokenDecimals: 18, rate: asset.price ?? '1' },
      ),
    );
    if (!created.ok) return created;
    const { nft, datatoken, exchangeId } = created.value;
    const files = await steps.encryptFiles({ nft, datatoken }, asset.files);
    if (!files.ok) return files;
    const built = build({
      nftAddress: nft,
      datatokenAddress: datatoken,
      chainId: account.chainId,
      serviceEndpoint: provider.url,
      encryptedFiles: files.value,
      author: parts.name,
      ...(asset.name === undefined ? {} : { name: asset.name }),
      ...(asset.description === undefined ? {} : { description: asset.description }),
      ...(asset.timeoutSeconds === undefined ? {} : { timeout: asset.timeoutSeconds }),
      ...(asset.credentials === undefined ? {} : { credentials: asset.credentials }),
    });
    return steps.writeDocument({ nft, datatoken, exchangeId }, asset.edit?.(built) ?? built);
  }

  const publisher: Publisher = {
    publishDataset: (dataset) => publish(dataset, (given) => datasetDdo({ ...given, ...computeOf(dataset) })),
    publishAlgorithm: (algorithm) =>
      publish(algorithm, (given) => algorithmDdo({ ...given, container: algorithm.container })),
    encrypt: steps.encrypt,
    encryptFiles: steps.encryptFiles,
    updateMetadata: (asset, edit) => steps.writeDocument(asset, edit(structuredClone(asset.ddo))),
    async setState(asset, state) {
      const sent = await account.transact((ocean) => ocean.setMetaDataState(asset.nft, stateNumber(state)));
      return sent.ok ? { ok: true, value: sent.value.transactionHash } : sent;
    },
    async trustEntryOf(algorithm) {
      const infos = await publisher.fileInfo(algorithm, { checksum: true });
      return infos.ok ? trustEntry(algorithm, infos.value) : infos;
    },
    async approveAlgorithm(dataset, algorithm) {
      const entry = await publisher.trustEntryOf(algorithm);
      return entry.ok ? publisher.updateMetadata(dataset, (ddo) => trusting(ddo, entry.value)) : entry;
    },
    fileInfo: (asset, { serviceId = asset.service.id, checksum = false } = {}) =>
      provider.ask<FileInfo[]>('fileinfo', { method: 'POST', body: { did: asset.did, serviceId, checksum } }),
    resolve: (did) => http.json({ url: `${metadataCacheUrl}/api/aquarius/assets/ddo/${did}` }),
  };
  return publisher;
}

interface AssetHandles {
  readonly nft: string;
  readonly datatoken: string;
  readonly exchangeId: string;
}

function publishingSteps({ account, provider, http, metadataCacheUrl }: PublisherParts): Pick<
  Publisher,
  'encrypt' | 'encryptFiles'
> & {
  writeDocument(asset: AssetHandles, ddo: Ddo): Promise<Answer<PublishedAsset>>;
} {
  const encrypt = (plaintext: string | Uint8Array): Promise<Answer<string>> =>
    provider.ask<string>('encrypt', { method: 'POST', query: { chainId: account.chainId }, body: plaintext });
  return {
    encrypt,
    encryptFiles: ({ nft, datatoken }, files) =>
      encrypt(JSON.stringify({ datatokenAddress: datatoken, nftAddress: nft, files: files.map(fileObject) })),
    async writeDocument(asset, ddo) {
      const document = serialiseDdo(ddo);
      const [data, validated] = await Promise.all([
        encrypt(document),
        http.json<{ hash: string }>({
          method: 'POST',
          url: `${metadataCacheUrl}/api/aquarius/assets/ddo/validate`,
          body: document,
        }),
      ]);
      if (!data.ok) return data;
      if (!validated.ok) return validated;
      const sent = await account.transact((ocean) =>
        ocean.setMetaData(asset.nft, {
          state: ASSET_STATE.active,
          decryptorUrl: provider.url,
          flags: ENCRYPTED,
          data: data.value,
          hash: validated.value.hash,
        }),
      );
      if (!sent.ok) return sent;
      const { nft, datatoken, exchangeId } = asset;
      const { transactionHash } = sent.value;
      const service = firstService(ddo);
      return { ok: true, value: { did: ddo.id, nft, datatoken, exchangeId, ddo, service, transactionHash } };
    },
  };
}

function fileObject(file: FileEntry): unknown {
  return typeof file === 'string' ? { type: 'url', url: file, method: 'GET' } : file;
}

function computeOf(dataset: NewDataset): Partial<Parameters<typeof datasetDdo>[0]> {
  const { trustedAlgorithms, trustedPublishers, allowRawAlgorithm, allowNetworkAccess, withAccessService } = dataset;
  return {
    ...(trustedAlgorithms ? { trustedAlgorithms: trustedAlgorithms.map((entry) => ({ ...entry })) } : {}),
    ...(trustedPublishers ? { trustedPublishers } : {}),
    ...(allowRawAlgorithm === undefined ? {} : { allowRawAlgorithm }),
    ...(allowNetworkAccess === undefined ? {} : { allowNetworkAccess }),
    ...(withAccessService === undefined ? {} : { withAccessService }),
  };
}

function firstService(ddo: Ddo): DdoService {
  const [service] = ddo.services;
  if (!service) throw new WavetankError('DDO_INVALID', 'The document has no service.', { category: 'usage' });
  return service;
}

function stateNumber(state: AssetState): number {
  return ASSET_STATE[state];
}

function trustEntry(algorithm: PublishedAsset, infos: readonly FileInfo[]): Answer<TrustEntry> {
  const checksums = infos.map(({ checksum }) => checksum);
  const container = algorithm.ddo.metadata.algorithm?.container;
  if (!container || checksums.length === 0 || checksums.some((one) => one === undefined)) {
    const message = 'The algorithm has no container, or a file whose checksum cannot be had.';
    return { ok: false, refusal: { status: 0, code: 'CHECKSUM_UNAVAILABLE', message } };
  }
  return {
    ok: true,
    value: {
      did: algorithm.did,
      filesChecksum: filesChecksum(checksums.filter((one) => one !== undefined)),
      containerSectionChecksum: containerSectionChecksum(container),
    },
  };
}

/** The document with the entry in the trust list of every compute service. */
function trusting(ddo: Ddo, entry: TrustEntry): Ddo {
  for (const { compute } of ddo.services) {
    if (!compute) continue;
    const listed = compute.publisherTrustedAlgorithms;
    const others = Array.isArray(listed) ? listed.filter(({ did }) => did !== entry.did) : [];
    compute.publisherTrustedAlgorithms = [...others, { ...entry }];
  }
  return ddo;
}
