import type { JsonRpcProvider } from 'ethers';
import type { OceanAddresses } from '../../contracts/address-book.ts';
import { byPlace, OrderStarted } from '../../contracts/events.ts';
import type { MetadataEvent } from '../../contracts/metadata.ts';
import { isNftOfFactory, readMetadataEvents, readNftDescription, readTokenName } from '../../contracts/metadata.ts';
import type { Price } from '../../contracts/price.ts';
import { readPrice } from '../../contracts/price.ts';
import { isWavetankError, messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { Ddo, DdoProblem } from '../../core/protocol/ddo.ts';
import { validateDdo } from '../../core/protocol/ddo.ts';
import { checksumAddress, sameAddress } from '../../core/protocol/address.ts';
import { didOf } from '../../core/protocol/did.ts';
import type { Asset } from './asset.ts';
import { buildAsset, SHORT_FORM_STATES, shortForm } from './asset.ts';
import type { DocumentDecoder } from './decode-document.ts';

/** What is known of one data NFT that published metadata. */
interface Tracked {
  readonly nft: string;
  readonly created: MetadataEvent;
  latest: MetadataEvent;
  state: number;
  /** Of `decodedTx`; undefined until the Provider could be asked. */
  ddo?: Ddo;
  /** Why there is no DDO, for good: the document is not one. */
  problems?: readonly DdoProblem[];
  decodedTx?: string;
}

export type Resolution =
  | { readonly found: true; readonly asset: Asset }
  | {
      readonly found: false;
      readonly code: 'DID_NOT_FOUND' | 'DDO_INVALID' | 'DDO_UNREADABLE';
      readonly problems?: readonly DdoProblem[];
    };

export interface FollowerOptions {
  readonly provider: JsonRpcProvider;
  readonly chainId: number;
  readonly addresses: OceanAddresses;
  readonly decoder: DocumentDecoder;
  readonly log: Logger;
}

/**
 * Follows the chain's metadata events. It reads the chain when it is asked and not on a timer: whoever asks after a
 * transaction sees that transaction, and a testbed that nobody asks does nothing.
 */
export class MetadataFollower {
  readonly #options: FollowerOptions;
  #tracked = new Map<string, Tracked>();
  #orders = new Map<string, number>();
  #position: { block: number; hash: string } | undefined;
  #catchingUp: Promise<void> | undefined;
  #isStale = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  async resolve(did: string): Promise<Resolution> {
    await this.catchUp();
    const tracked = this.#tracked.get(did);
    if (!tracked) return { found: false, code: 'DID_NOT_FOUND' };
    const { nft: nftAddress, state } = tracked;
    // No Provider decrypts for such an asset any more, so its document may never have been seen here.
    if (SHORT_FORM_STATES.has(state))
      return { found: true, asset: shortForm({ id: did, chainId: this.#options.chainId, nftAddress }, state) };
    if (tracked.problems) return { found: false, code: 'DDO_INVALID', problems: tracked.problems };
    if (!tracked.ddo) return { found: false, code: 'DDO_UNREADABLE' };
    return { found: true, asset: await this.#assetOf(tracked, tracked.ddo) };
  }

  async all(): Promise<Asset[]> {
    await this.catchUp();
    const readable = [...this.#tracked.values()].filter((tracked) => tracked.ddo !== undefined);
    return Promise.all(readable.map((tracked) => this.#assetOf(tracked, tracked.ddo as Ddo)));
  }

  /** Reads up to the newest block. Callers that come meanwhile share one more round, so that each sees what it wrote. */
  async catchUp(): Promise<void> {
    if (this.#catchingUp) {
      this.#isStale = true;
      return this.#catchingUp;
    }
    this.#catchingUp = this.#readUntilFresh();
    return this.#catchingUp;
  }

  async #readUntilFresh(): Promise<void> {
    try {
      do {
        this.#isStale = false;
        await this.#readNewBlocks();
      } while (this.#isStale);
    } finally {
      // In the same turn as the last look: nobody who comes later may be told that this round was theirs.
      this.#catchingUp = undefined;
    }
  }

  async #readNewBlocks(): Promise<void> {
    const { provider, addresses } = this.#options;
    const head = await provider.getBlock('latest');
    if (!head?.hash) return;
    await this.#forgetWhenReorganised(head.number);
    const fromBlock = this.#position ? this.#position.block + 1 : addresses.startBlock;
    if (fromBlock <= head.number) {
      await this.#readRange({ fromBlock, toBlock: head.number });
      this.#position = { block: head.number, hash: head.hash };
    }
    await this.#decodePending();
  }

  /** A chain that was reset or reorganised is read again from its start. */
  async #forgetWhenReorganised(headNumber: number): Promise<void> {
    if (!this.#position) return;
    const { block, hash } = this.#position;
    const still = headNumber >= block ? await this.#options.provider.getBlock(block) : undefined;
    if (still?.hash === hash) return;
    this.#options.log.warn('the chain was reorganised, reading it again', { block });
    this.#tracked = new Map();
    this.#orders = new Map();
    this.#position = undefined;
  }

  async #readRange(range: { fromBlock: number; toBlock: number }): Promise<void> {
    const { provider } = this.#options;
    const [events, orderLogs] = await Promise.all([
      readMetadataEvents(provider, range),
      provider.getLogs({ ...range, topics: [OrderStarted.topic] }),
    ]);
    for (const event of events.documents) await this.#track(event);
    for (const state of events.states.toSorted(byPlace)) this.#applyState(state);
    for (const { address } of orderLogs)
      this.#orders.set(address.toLowerCase(), (this.#orders.get(address.toLowerCase()) ?? 0) + 1);
  }

  async #track(event: MetadataEvent): Promise<void> {
    const { provider, addresses, chainId } = this.#options;
    const nft = checksumAddress(event.emitter);
    const did = didOf(nft, chainId);
    const known = this.#tracked.get(did);
    if (known) {
      known.latest = event;
      known.state = event.state;
      return;
    }
    if (!(await isNftOfFactory(provider, addresses.ERC721Factory, nft))) return;
    this.#tracked.set(did, { nft, created: event, latest: event, state: event.state });
  }

  #applyState(
    event: { emitter: string; state: number; blockNumber: number; logIndex: number } & Parameters<typeof byPlace>[0],
  ): void {
    const tracked = this.#tracked.get(didOf(event.emitter, this.#options.chainId));
    if (!tracked || byPlace(tracked.latest, event) > 0) return;
    tracked.state = event.state;
    // A Provider that refused because of the old state is asked anew.
    if (!tracked.ddo) delete tracked.decodedTx;
  }

  async #decodePending(): Promise<void> {
    const pending = [...this.#tracked].filter(([, tracked]) => tracked.decodedTx !== tracked.latest.transactionHash);
    await Promise.all(pending.map(([did, tracked]) => this.#decode(did, tracked)));
  }

  async #decode(did: string, tracked: Tracked): Promise<void> {
    const event = tracked.latest;
    delete tracked.ddo;
    delete tracked.problems;
    try {
      const checked = checkDocument(await this.#options.decoder.decode(event), did, tracked.nft, this.#options.chainId);
      if (checked.ok) tracked.ddo = checked.ddo;
      else tracked.problems = checked.problems;
      tracked.decodedTx = event.transactionHash;
    } catch (error) {
      this.#options.log.warn('a document could not be read', { did, reason: messageOf(error) });
      // What may pass is tried again when somebody asks again; anything else is as it is.
      if (isWavetankError(error) && error.code !== 'DECRYPT_FAILED') tracked.decodedTx = event.transactionHash;
    }
  }

  async #assetOf(tracked: Tracked, ddo: Ddo): Promise<Asset> {
    const { provider } = this.#options;
    const nft = await readNftDescription(provider, tracked.nft);
    const [datatokens, price] = await Promise.all([
      Promise.all(nft.datatokens.map(async (address) => ({ address, ...(await readTokenName(provider, address)) }))),
      this.#priceOf(nft.datatokens[0]),
    ]);
    const orders = nft.datatokens.reduce((sum, address) => sum + (this.#orders.get(address.toLowerCase()) ?? 0), 0);
    const { latest: event, created, state } = tracked;
    return buildAsset({
      ddo,
      event,
      created,
      state,
      nft,
      datatokens,
      orders,
      price,
    });
  }

  /** Of the first datatoken: the document has one place for a price. */
  async #priceOf(datatoken: string | undefined): Promise<Price> {
    const { provider, addresses } = this.#options;
    const free = { value: 0, tokenAddress: addresses.Ocean, tokenSymbol: 'OCEAN' };
    return datatoken === undefined ? free : readPrice(provider, datatoken, free);
  }
}

/** A valid DDO that says of itself what the chain says of it. */
function checkDocument(text: string, did: string, nft: string, chainId: number): ReturnType<typeof validateDdo> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { ok: false, problems: [{ field: '', message: 'not JSON' }] };
  }
  const checked = validateDdo(parsed);
  if (!checked.ok) return checked;
  const { ddo } = checked;
  const problems: DdoProblem[] = [];
  if (ddo.id !== did) problems.push({ field: 'id', message: 'not the DID of the NFT that published it' });
  if (!sameAddress(ddo.nftAddress, nft))
    problems.push({ field: 'nftAddress', message: 'not the NFT that published it' });
  if (ddo.chainId !== chainId) problems.push({ field: 'chainId', message: 'not the chain that it was published on' });
  return problems.length > 0 ? { ok: false, problems } : checked;
}
