import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Entropy } from '../core/entropy.ts';
import { randomHex, systemEntropy } from '../core/entropy.ts';
import { WavetankError, messageOf } from '../core/errors.ts';
import { makeFolder } from '../core/make-folder.ts';
import { isAddress } from '../core/protocol/address.ts';

/** The network name that Ocean's tools use for a local chain. */
export const DEVELOPMENT = 'development';

/**
 * One network's entry in Ocean's `address.json`. ocean.js reads it by network name, the Provider by `chainId`.
 * Names are Ocean's own; further names of other deployments are kept as they are.
 */
export interface OceanAddresses {
  readonly chainId: number;
  /** Block of the router's creation: no event of Ocean is older. */
  readonly startBlock: number;
  readonly Ocean: string;
  readonly OPFCommunityFeeCollector: string;
  readonly Router: string;
  readonly FixedPrice: string;
  readonly Dispenser: string;
  readonly ERC721Factory: string;
  /** By template index in the factory. */
  readonly ERC20Template: Readonly<Record<string, string>>;
  readonly ERC721Template: Readonly<Record<string, string>>;
  readonly [other: string]: string | number | Readonly<Record<string, string>> | undefined;
}

/** The whole file: network name -> entry. */
export type AddressBook = Readonly<Record<string, OceanAddresses>>;

/** Names without which neither ocean.js nor a Provider works. */
const REQUIRED = ['Ocean', 'OPFCommunityFeeCollector', 'Router', 'FixedPrice', 'Dispenser', 'ERC721Factory'] as const;

/**
 * Puts one network's entry into the file, keeping the others. Readers see the old file or the new one, never a part.
 * @throws WavetankError ADDRESS_FILE_INVALID when what is there is no address file (it is then left alone).
 */
export async function writeAddressFile(
  file: string,
  addresses: OceanAddresses,
  options: { readonly network?: string; readonly entropy?: Entropy } = {},
): Promise<void> {
  const existing = (await readJsonObject(file)) ?? {};
  const book = { ...existing, [options.network ?? DEVELOPMENT]: addresses };
  makeFolder(path.dirname(file));
  const draft = `${file}.${randomHex(options.entropy ?? systemEntropy, 6)}.tmp`;
  try {
    await writeFile(draft, `${JSON.stringify(book, null, 2)}\n`, { mode: 0o644 });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/**
 * The entry for a chain id, as the Provider looks it up.
 * @throws WavetankError ADDRESS_FILE_MISSING, ADDRESS_FILE_INVALID, ADDRESS_FILE_CHAIN_UNKNOWN (usage)
 */
export async function readAddressFile(file: string, chainId: number): Promise<OceanAddresses> {
  const book = await readJsonObject(file);
  if (!book)
    throw new WavetankError('ADDRESS_FILE_MISSING', `There is no address file ${file}.`, { category: 'usage' });
  const entry = Object.values(book).find((candidate) => (candidate as Partial<OceanAddresses>)?.chainId === chainId);
  if (!entry)
    throw new WavetankError('ADDRESS_FILE_CHAIN_UNKNOWN', `${file} has no network with chain id ${chainId}.`, {
      category: 'usage',
      details: { file, chainId, networks: Object.keys(book) },
    });
  return checkEntry(entry as OceanAddresses, file);
}

function checkEntry(entry: OceanAddresses, file: string): OceanAddresses {
  const missing = REQUIRED.filter((name) => !isAddress(entry[name]));
  if (missing.length > 0) throw invalid(file, `has no address for ${missing.join(', ')} on chain ${entry.chainId}`);
  return entry;
}

async function readJsonObject(file: string): Promise<Record<string, unknown> | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw invalid(file, `cannot be read: ${messageOf(error)}`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalid(file, 'is no JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw invalid(file, 'is no JSON object');
  return parsed as Record<string, unknown>;
}

function invalid(file: string, problem: string): WavetankError {
  return new WavetankError('ADDRESS_FILE_INVALID', `The address file ${file} ${problem}.`, { category: 'usage' });
}
