import { createServer } from 'node:http';
import { createNet } from '../../../core/net.ts';
import { closeServer, listen } from '../../../core/http-listen.ts';
import { sha256Hex, toHex } from '../../../core/protocol/hashing.ts';
import { recoverMessageSigner } from '../../../core/protocol/signing.ts';
import { signedMessages } from '../../../core/protocol/signed-messages.ts';
import type { Ddo } from '../../../core/protocol/ddo.ts';
import type { RunningResource } from '../../../core/resource.ts';
import { ResourceStack, runningResource } from '../../../core/resource.ts';
import { systemSeams } from '../../../core/seams.ts';
import { datasetDdo } from '../../../fixtures/assets/ddo.ts';
import type { OceanLab } from '../../chain/testing/ocean-lab.ts';
import { startMetadataCache } from '../server.ts';

/** A Provider's decrypt route and nothing else: it knows documents by the transaction that published them. */
export interface DecryptDouble extends RunningResource {
  readonly url: string;
  readonly documents: Map<string, string>;
  /** Status that it answers instead; undefined: it decrypts. */
  refuseWith: number | undefined;
  requests: number;
}

export async function startDecryptDouble(): Promise<DecryptDouble> {
  const server = createServer((request, response) => {
    void (async () => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      facts.requests++;
      const body = JSON.parse(text) as Record<'transactionId' | 'decrypterAddress' | 'signature' | 'nonce', string> & {
        chainId: number;
      };
      const { transactionId, decrypterAddress, chainId, nonce, signature } = body;
      const message = signedMessages.decrypt(transactionId, decrypterAddress, String(chainId), nonce);
      const isSigned = recoverMessageSigner(message, signature) === decrypterAddress;
      const document = facts.documents.get(transactionId);
      const status = facts.refuseWith ?? (isSigned && document !== undefined ? 201 : 400);
      response.writeHead(status, { 'content-type': 'text/plain' }).end(status === 201 ? document : '{"error":"no"}');
    })();
  });
  const facts = {
    url: '',
    documents: new Map<string, string>(),
    refuseWith: undefined as number | undefined,
    requests: 0,
  };
  const { port } = await listen(server);
  facts.url = `http://127.0.0.1:${port}`;
  return runningResource(facts, () => closeServer(server));
}

export interface Published {
  readonly did: string;
  readonly nft: string;
  readonly datatoken: string;
  readonly ddo: Ddo;
}

export interface CacheLab extends RunningResource {
  readonly url: string;
  readonly provider: DecryptDouble;
  /** A new asset of the publisher's, with its first document; `edit` has the last word on it. */
  publish(options?: PublishOptions): Promise<Published>;
  /** A further document of the same asset. */
  update(asset: Published, options?: PublishOptions): Promise<void>;
  get(path: string): Promise<{ status: number; body: Record<string, unknown> }>;
  asset(did: string): Promise<{ status: number; body: Record<string, unknown> }>;
  search(query: unknown): Promise<{ status: number; body: SearchAnswer }>;
  /** A second cache over the same chain, which has seen nothing yet. */
  another(): Promise<CacheLab>;
}

export interface SearchAnswer {
  readonly code?: string;
  readonly hits?: { readonly total: { readonly value: number }; readonly hits: readonly { readonly _id: string }[] };
}

export interface PublishOptions {
  readonly edit?: (ddo: Ddo) => unknown;
  /** Default 2: encrypted. */
  readonly flags?: number;
  /** What lies on the chain for flags without 2. Default: the document's bytes. */
  readonly encode?: (bytes: Uint8Array) => Uint8Array;
  readonly hash?: string;
}

export async function startCacheLab(lab: OceanLab, shared?: DecryptDouble): Promise<CacheLab> {
  const stack = new ResourceStack();
  const provider = shared ?? (await stack.start('decrypt double', () => startDecryptDouble()));
  const net = createNet();
  stack.defer('net', () => net.close());
  const cache = await stack.start('cache', () =>
    startMetadataCache({
      seams: systemSeams({ net }),
      rpcUrl: lab.chain.rpcUrl,
      chainId: lab.chain.chainId,
      addresses: lab.addresses,
    }),
  );

  async function write(nft: string, built: Ddo, options: PublishOptions): Promise<void> {
    const { edit = (ddo) => ddo, flags = 2, encode = (bytes) => bytes } = options;
    const document = JSON.stringify(edit(built));
    const bytes = new Uint8Array(Buffer.from(document, 'utf8'));
    const mined = await lab.publisher.setMetaData(nft, {
      state: 0,
      decryptorUrl: provider.url,
      flags: `0x0${flags}`,
      data: toHex(flags === 2 ? new Uint8Array([1]) : encode(bytes)),
      hash: options.hash ?? `0x${sha256Hex(bytes)}`,
    });
    provider.documents.set(mined.transactionHash, document);
  }
  const request = async (path: string, init?: RequestInit) => {
    const response = await fetch(cache.url + path, init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const facts = {
    url: cache.url,
    provider,
    async publish(options: PublishOptions = {}) {
      const { nft, datatoken } = await lab.publisher.createNftWithErc20({ name: 'Recordings', symbol: 'REC' });
      const parts = { nftAddress: nft, datatokenAddress: datatoken, chainId: lab.chain.chainId };
      const ddo = datasetDdo({ ...parts, serviceEndpoint: provider.url, encryptedFiles: '0x04' });
      await write(nft, ddo, options);
      return { did: ddo.id, nft, datatoken, ddo };
    },
    update: (asset: Published, options: PublishOptions = {}) => write(asset.nft, asset.ddo, options),
    get: (path: string) => request(path),
    asset: (did: string) => request(`/api/aquarius/assets/ddo/${did}`),
    search: (query: unknown) =>
      request('/api/aquarius/assets/query', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(query),
      }) as Promise<{ status: number; body: SearchAnswer }>,
    async another() {
      const other = await startCacheLab(lab, provider);
      stack.defer('another cache', () => other.stop());
      return other;
    },
  };
  return runningResource(facts, () => stack.stop());
}
