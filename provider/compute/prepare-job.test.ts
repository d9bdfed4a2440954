import { describe, expect, test } from 'vitest';
import type { Asset } from '../asset/asset.ts';
import type { Chain } from '../chain/chains.ts';
import type { FileSource } from '../files/file-source.ts';
import { Places } from '../places.ts';
import { passed } from '../refusal.ts';
import { createLocalSigner } from '../signer.ts';
import { DATATOKEN, ENVIRONMENT_ADDRESS, NFT, PROVIDER_KEY, USER, assetOf, chainOf } from '../testing/assets.ts';
import type { Environment } from './environments.ts';
import { createJobPreparer } from './prepare-job.ts';

const ENVIRONMENT = {
  id: 'free',
  priceMin: 0,
  consumerAddress: ENVIRONMENT_ADDRESS,
  inputProviders: [] as readonly string[],
} as Environment;
const CONTAINER = { entrypoint: 'node $ALGO', image: 'node', tag: '24', checksum: `sha256:${'ab'.repeat(32)}` };
const FILES = { datatokenAddress: DATATOKEN, nftAddress: NFT, files: [{ type: 'url', url: 'http://a.example/x' }] };

async function assetOn(chain: Chain): Promise<Asset> {
  const files = await createLocalSigner(PROVIDER_KEY).encrypt(Buffer.from(JSON.stringify(FILES)));
  const compute = { allowRawAlgorithm: true, allowNetworkAccess: false };
  return assetOf({ asset: { chain }, service: { files, compute } }).asset;
}

function prepare(assets: Readonly<Record<string, Asset>>, names: readonly string[]) {
  const preparer = createJobPreparer({
    resolver: { resolve: (did) => Promise.resolve(passed(assets[did] as Asset)) },
    environments: {
      list: () => Promise.resolve([ENVIRONMENT]),
      find: () => Promise.resolve(ENVIRONMENT),
      isEnvironmentAddress: () => Promise.resolve(false),
    },
    source: {} as FileSource,
    foreign: { find: () => Promise.resolve(passed(undefined)), files: () => Promise.resolve(passed([])) },
    checksums: new Places(1, 0),
    maxChecksumBytes: 1000,
    maxDatasets: 4,
  });
  const datasets = names.map((documentId) => ({ documentId, serviceId: 'svc-1', userdata: undefined }));
  const algorithm = { meta: { rawcode: 'x', container: CONTAINER }, userdata: undefined, algouserdata: undefined };
  return preparer.prepare({ consumerAddress: USER, environment: 'free', datasets, algorithm }, { isStart: false });
}

describe('the chains of a job', () => {
  const answers = { isDatatokenOfNft: () => Promise.resolve(true), datatokenTemplate: () => Promise.resolve(1) };

  test('are one', async () => {
    const here = chainOf(answers);
    const elsewhere = chainOf(answers, { chainId: 137 });
    const assets = { a: await assetOn(here), b: await assetOn(here), c: await assetOn(elsewhere) };
    expect(await prepare(assets, ['a', 'b'])).toMatchObject({ ok: true });
    expect(await prepare(assets, ['a', 'b', 'c'])).toMatchObject({
      ok: false,
      reason: { code: 'DIFFERENT_CHAINS', field: 'datasets[2]', rule: 'job.chain' },
    });
  });
});
