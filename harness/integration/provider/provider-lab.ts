import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import type { OceanAddresses } from '../../../contracts/address-book.ts';
import { deployOcean } from '../../../contracts/deploy-ocean.ts';
import type { OceanContracts } from '../../../contracts/ocean-contracts.ts';
import { oceanContracts } from '../../../contracts/ocean-contracts.ts';
import { connectChain } from '../../../contracts/rpc.ts';
import { systemClock } from '../../../core/clock.ts';
import type { Clock } from '../../../core/clock.ts';
import { closeServer, listen } from '../../../core/http-listen.ts';
import type { LogRecord } from '../../../core/log.ts';
import { createLogger } from '../../../core/log.ts';
import type { Net } from '../../../core/net.ts';
import { createNet } from '../../../core/net.ts';
import { ResourceStack } from '../../../core/resource.ts';
import { systemSeams } from '../../../core/seams.ts';
import { didOf } from '../../../core/protocol/did.ts';
import { sha256Hex } from '../../../core/protocol/hashing.ts';
import type { ProviderFee } from '../../../core/protocol/provider-fee.ts';
import { signMessage } from '../../../core/protocol/signing.ts';
import { signedMessages } from '../../../core/protocol/signed-messages.ts';
import type { ProviderOptions } from '../../../provider/config.ts';
import type { RunningProvider } from '../../../provider/server.ts';
import { startProvider } from '../../../provider/server.ts';
import { CountingWallet } from '../../actors/counting-wallet.ts';
import type { ChainAccount, RunningChain } from '../../chain/chain.ts';
import { startHardhatChain } from '../../chain/hardhat-chain.ts';
import { providerDocument } from '../../../provider/openapi/document.ts';
import type { OpenApiDocument } from '../../../core/openapi.ts';
import type { AnswerCheck } from '../openapi/answer-check.ts';
import { createAnswerCheck } from '../openapi/answer-check.ts';
import type { OperatorDouble } from './operator-double.ts';
import { ENVIRONMENT_ADDRESS, startOperatorDouble } from './operator-double.ts';

/** A Provider on a real chain with the official contracts; files, metadata cache and Operator Service are doubles. */
export interface ProviderLab {
  readonly chain: RunningChain;
  readonly addresses: OceanAddresses;
  readonly owner: Party;
  readonly buyer: Party;
  readonly stranger: Party;
  readonly operator: OperatorDouble;
  /** Path -> content of the file host. */
  readonly files: Map<string, string>;
  readonly filesUrl: string;
  readonly cacheUrl: string;
  /** Paths whose content breaks off in the middle. */
  readonly cutShort: Set<string>;
  /** What the metadata cache says about a DID. */
  readonly hints: Map<string, { nftAddress: string; chainId: number }>;
  /** Every record of every Provider of this lab. */
  readonly logged: LogRecord[];
  readonly stateFile: string;
  /** Every answer of every Provider of this lab is held against the OpenAPI document; `stop` fails when one is not in it. */
  readonly answers: AnswerCheck;
  readonly provider: () => RunningProvider;
  /** A second Provider on the same chain, with the key of account 9 and a state of its own. */
  startAnother(overrides?: Partial<ProviderOptions>): Promise<RunningProvider>;
  /** Cuts the Provider off, as a kill does, and starts another with the same state. */
  killAndRestart(overrides?: Partial<ProviderOptions>): Promise<void>;
  publish(asset: AssetPlan): Promise<PublishedAsset>;
  update(asset: PublishedAsset, plan: AssetPlan): Promise<void>;
  stop(): Promise<void>;
}

export interface Party extends ChainAccount {
  /** The only one that sends in this account's name. */
  readonly wallet: CountingWallet;
  readonly ocean: OceanContracts;
}

export interface AssetPlan {
  readonly type: 'dataset' | 'algorithm';
  readonly serviceType?: 'access' | 'compute';
  /** Paths of the file host, or whole file objects. */
  readonly files: readonly (string | object)[];
  readonly timeout?: number;
  /** Further keys of the service, and of the algorithm's section. */
  readonly service?: object;
  readonly algorithm?: object;
  /** Default: one data NFT and one datatoken of template 1. */
  readonly create?: (ocean: OceanContracts) => Promise<{ nft: string; datatoken: string }>;
  readonly compute?: Record<string, unknown>;
  /** Who encrypts and serves it; default: the lab's own Provider. */
  readonly at?: Pick<RunningProvider, 'url'>;
  readonly credentials?: unknown;
}

export interface PublishedAsset {
  readonly did: string;
  readonly nft: string;
  readonly datatoken: string;
  readonly metadataTx: string;
}

export const CONTAINER = { entrypoint: 'node $ALGO', image: 'node', tag: '24', checksum: `sha256:${'ab'.repeat(32)}` };

let document: OpenApiDocument | undefined;

export async function startProviderLab(
  overrides: Partial<ProviderOptions> = {},
  clock: Clock = systemClock,
): Promise<ProviderLab> {
  const stack = new ResourceStack();
  const chain = await stack.start('chain', () => startHardhatChain({ clock, accountCount: 10 }));
  const net = createNet();
  stack.defer('net', () => net.close());
  const rpc = connectChain({ rpcUrl: chain.rpcUrl, chainId: chain.chainId, net });
  stack.defer('rpc', () => rpc.destroy());
  const addresses = await deployOcean({ provider: rpc, chainId: chain.chainId, accounts: chain.accounts });
  const party = (index: number): Party => {
    const account = chain.accounts[index];
    if (!account) throw new Error('too few accounts');
    const wallet = new CountingWallet(account.privateKey, rpc, chain.chainId);
    return { ...account, wallet, ocean: oceanContracts(addresses, wallet) };
  };
  const operator = await startOperatorDouble();
  stack.defer('operator', () => operator.stop());
  const files = new Map<string, string>();
  const cutShort = new Set<string>();
  const filesUrl = await startFiles(stack, files, cutShort);
  const hints = new Map<string, { nftAddress: string; chainId: number }>();
  const cacheUrl = await startCache(stack, hints);
  const dir = await mkdtemp(path.join(os.tmpdir(), 'provider-lab-'));
  stack.defer('state', () => rm(dir, { recursive: true, force: true }));
  const stateFile = path.join(dir, 'state.sqlite');
  const logged: LogRecord[] = [];
  const nets: Net[] = [];
  const answers = createAnswerCheck((document ??= providerDocument()), {
    codes: ['NOT_FOUND', 'METHOD_NOT_ALLOWED', 'INVALID_REQUEST', 'BODY_TOO_LARGE'],
  });
  const key = chain.accounts[8]?.privateKey ?? '';
  const launch = (extra: Partial<ProviderOptions>, privateKey = key): Promise<RunningProvider> => {
    const providerNet = createNet();
    nets.push(providerNet);
    return startProvider({
      seams: systemSeams({ net: providerNet, clock, log: createLogger((record) => logged.push(record)) }),
      chains: [{ chainId: chain.chainId, rpcUrl: chain.rpcUrl, addressBook: addresses, privateKey }],
      metadataCacheUrl: cacheUrl,
      operatorServiceUrl: operator.url,
      stateFile,
      allowNonPublicIp: true,
      onAnswer: answers.observe,
      ...overrides,
      ...extra,
    });
  };
  let provider = await launch({});
  stack.defer('provider', async () => {
    await provider.stop();
    await Promise.all(nets.map((each) => each.close()));
  });

  const setMetadata = async (owner: Party, plan: AssetPlan, nft: string, datatoken: string): Promise<string> => {
    const { url: server } = plan.at ?? provider;
    const encrypt = async (text: string): Promise<string> => {
      const response = await fetch(`${server}/api/services/encrypt?chainId=${chain.chainId}`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: text,
      });
      return response.text();
    };
    const plain = {
      datatokenAddress: datatoken,
      nftAddress: nft,
      files: plan.files.map((file) =>
        typeof file === 'string' ? { type: 'url', method: 'GET', url: `${filesUrl}/${file}` } : file,
      ),
    };
    const ddo = JSON.stringify(
      ddoOf(plan, {
        nft,
        datatoken,
        chainId: chain.chainId,
        files: await encrypt(JSON.stringify(plain)),
        endpoint: server,
      }),
    );
    const { transactionHash } = await owner.ocean.setMetaData(nft, {
      state: 0,
      decryptorUrl: server,
      flags: '0x02',
      data: await encrypt(ddo),
      hash: `0x${sha256Hex(ddo)}`,
    });
    return transactionHash;
  };

  const owner = party(1);
  return {
    chain,
    addresses,
    owner,
    buyer: party(2),
    stranger: party(3),
    operator,
    files,
    filesUrl,
    cacheUrl,
    cutShort,
    hints,
    logged,
    stateFile,
    answers,
    provider: () => provider,
    async startAnother(extra = {}) {
      const privateKey = chain.accounts[9]?.privateKey ?? '';
      return stack.start('another provider', () => launch({ stateFile: ':memory:', ...extra }, privateKey));
    },
    async killAndRestart(extra = {}) {
      nets.at(-1)?.fence();
      await provider.stop();
      provider = await launch(extra);
    },
    async publish(plan) {
      const { nft, datatoken } = plan.create
        ? await plan.create(owner.ocean)
        : await owner.ocean.createNftWithErc20({ name: 'Asset', symbol: 'A' });
      const did = didOf(nft, chain.chainId);
      hints.set(did, { nftAddress: nft, chainId: chain.chainId });
      return { did, nft, datatoken, metadataTx: await setMetadata(owner, plan, nft, datatoken) };
    },
    async update(asset, plan) {
      await setMetadata(owner, plan, asset.nft, asset.datatoken);
    },
    async stop() {
      await stack.stop();
      answers.verify();
    },
  };
}

function ddoOf(
  plan: AssetPlan,
  at: { nft: string; datatoken: string; chainId: number; files: string; endpoint: string },
): unknown {
  const serviceType = plan.serviceType ?? (plan.type === 'dataset' ? 'compute' : 'access');
  const compute = { allowRawAlgorithm: false, allowNetworkAccess: false, ...plan.compute };
  return {
    '@context': ['https://w3id.org/did/v1'],
    id: didOf(at.nft, at.chainId),
    version: '4.1.0',
    chainId: at.chainId,
    nftAddress: at.nft,
    metadata: {
      created: '2026-01-01T00:00:00Z',
      updated: '2026-01-01T00:00:00Z',
      name: 'Asset',
      description: 'Asset',
      type: plan.type,
      author: 'EU lab',
      license: 'MIT',
      ...(plan.type === 'algorithm'
        ? { algorithm: { language: 'js', version: '1', container: CONTAINER, ...plan.algorithm } }
        : {}),
    },
    services: [
      {
        id: 'svc-1',
        type: serviceType,
        files: at.files,
        datatokenAddress: at.datatoken,
        serviceEndpoint: at.endpoint,
        timeout: plan.timeout ?? 86_400,
        ...(serviceType === 'compute' ? { compute } : {}),
        ...plan.service,
      },
    ],
    ...(plan.credentials === undefined ? {} : { credentials: plan.credentials }),
  };
}

async function startFiles(
  stack: ResourceStack,
  files: ReadonlyMap<string, string>,
  cutShort: ReadonlySet<string>,
): Promise<string> {
  const server = http.createServer((request, response) => {
    const name = (request.url ?? '/').slice(1).split('?')[0] ?? '';
    const content = files.get(name);
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/csv', 'content-length': Buffer.byteLength(content) });
    if (cutShort.has(name)) response.write(content.slice(0, 10), () => response.destroy());
    else response.end(content);
  });
  const { port } = await listen(server);
  stack.defer('file host', () => closeServer(server));
  return `http://127.0.0.1:${port}`;
}

/** All that a Provider believes of a metadata cache: which data NFT a DID is of. */
async function startCache(stack: ResourceStack, assets: ReadonlyMap<string, object>): Promise<string> {
  const server = http.createServer((request, response) => {
    const found = assets.get((request.url ?? '').split('/').at(-1) ?? '');
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(found ?? {}));
  });
  const { port } = await listen(server);
  stack.defer('metadata cache', () => closeServer(server));
  return `http://127.0.0.1:${port}`;
}

/** Real time that a test can move on. */
export function movableClock(): Clock & { move(seconds: number): void } {
  let offsetMs = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + offsetMs,
    move(seconds) {
      offsetMs += seconds * 1000;
    },
  };
}

/** One HTTP exchange with a JSON answer. */
export async function exchange(
  url: string,
  init: { method?: string; body?: unknown } = {},
): Promise<{ status: number; body: Record<string, unknown> & unknown[] }> {
  const hasBody = init.body !== undefined;
  const response = await fetch(url, {
    method: init.method ?? (hasBody ? 'POST' : 'GET'),
    ...(hasBody ? { body: JSON.stringify(init.body), headers: { 'content-type': 'application/json' } } : {}),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: (text === '' ? '' : JSON.parse(text)) as Record<string, unknown> & unknown[],
  };
}

/** A consumer that does what ocean.js does, over HTTP and the chain alone. */
export function consumerOf(lab: ProviderLab, party: Party) {
  const api = (route: string): string => `${lab.provider().url}/api/services/${route}`;
  const nextNonce = async (): Promise<string> => {
    const { body } = await exchange(api(`nonce?userAddress=${party.address}`));
    return String(Number(body['nonce']) + 1);
  };
  const element = (asset: PublishedAsset, transferTxId?: string) => ({
    documentId: asset.did,
    serviceId: 'svc-1',
    ...(transferTxId ? { transferTxId } : {}),
  });
  return {
    api,
    nextNonce,
    element,
    initializeCompute: (dataset: unknown, algorithm: unknown, env = 'free', seconds = 3600) =>
      exchange(api('initializeCompute'), {
        body: {
          datasets: Array.isArray(dataset) ? dataset : [dataset],
          algorithm,
          compute: { env, validUntil: Math.floor(systemClock.now() / 1000) + seconds },
          consumerAddress: party.address,
        },
      }),
    async order(asset: PublishedAsset, providerFee: unknown, consumer = ENVIRONMENT_ADDRESS): Promise<string> {
      await lab.owner.ocean.mint(asset.datatoken, party.address);
      const fee = providerFee as ProviderFee;
      if (fee.providerFeeAmount !== '0')
        await party.ocean.approve(fee.providerFeeToken, asset.datatoken, BigInt(fee.providerFeeAmount));
      return (await party.ocean.startOrder({ datatoken: asset.datatoken, consumer, serviceIndex: 0, providerFee: fee }))
        .transactionHash;
    },
    async start(dataset: { documentId: string }, algorithm: unknown, extra: Record<string, unknown> = {}) {
      const nonce = String(extra['nonce'] ?? (await nextNonce()));
      const message = signedMessages.computeStart({
        consumerAddress: party.address,
        documentId: dataset.documentId,
        nonce,
      });
      const signature = signMessage(message, party.privateKey);
      const body = {
        consumerAddress: party.address,
        environment: 'free',
        dataset,
        algorithm,
        nonce,
        signature,
        ...extra,
      };
      return exchange(api('compute'), { body });
    },
  };
}
