import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { JsonFragment } from 'ethers';
import { WavetankError } from '../core/errors.ts';

/** A compiled contract as Hardhat writes it; what we need of it. */
export interface ContractArtifact {
  readonly contractName: string;
  readonly abi: readonly JsonFragment[];
  /** Creation bytecode, 0x hex. */
  readonly bytecode: string;
}

/** Source file of each contract of the official package, as its artifacts directory is laid out. */
export const OFFICIAL_SOURCES = {
  OceanToken: 'contracts/utils/OceanToken.sol',
  MockERC20Decimals: 'contracts/utils/mock/MockERC20Decimals.sol',
  OPFCommunityFeeCollector: 'contracts/communityFee/OPFCommunityFeeCollector.sol',
  EnterpriseFeeCollector: 'contracts/communityFee/EnterpriseFeeCollector.sol',
  FactoryRouter: 'contracts/pools/FactoryRouter.sol',
  FixedRateExchange: 'contracts/pools/fixedRate/FixedRateExchange.sol',
  FixedRateExchangeEnterprise: 'contracts/pools/fixedRate/FixedRateExchangeEnterprise.sol',
  ERC20Template: 'contracts/templates/ERC20Template.sol',
  ERC20TemplateEnterprise: 'contracts/templates/ERC20TemplateEnterprise.sol',
  ERC20Template3: 'contracts/templates/ERC20Template3.sol',
  ERC20Template4: 'contracts/templates/ERC20Template4.sol',
  ERC721Template: 'contracts/templates/ERC721Template.sol',
  Dispenser: 'contracts/pools/dispenser/Dispenser.sol',
  ERC721Factory: 'contracts/ERC721Factory.sol',
  AccessList: 'contracts/accesslists/AccessList.sol',
  AccessListFactory: 'contracts/accesslists/AccessListFactory.sol',
  Escrow: 'contracts/escrow/Escrow.sol',
  EnterpriseEscrow: 'contracts/escrow/EnterpriseEscrow.sol',
} as const;

export type OfficialContract = keyof typeof OFFICIAL_SOURCES;

/** Finds a compiled contract by its name. */
export type ArtifactLookup = (name: OfficialContract) => Promise<ContractArtifact>;

/** The official bytecode, or a protocol developer's own Hardhat `artifacts` directory before it. */
export function artifactLookup(options: { readonly contractsDir?: string } = {}): ArtifactLookup {
  const official = path.join(
    path.dirname(createRequire(import.meta.url).resolve('@oceanprotocol/contracts/package.json')),
    'artifacts',
  );
  return async (name) => {
    const own = options.contractsDir === undefined ? undefined : await findIn(options.contractsDir, name);
    const found = own ?? (await findIn(official, name));
    if (!found) throw new WavetankError('CONTRACT_ARTIFACT_MISSING', `No artifact of the contract ${name}.`);
    return found;
  };
}

/** Both layouts are taken: the `artifacts` directory itself, or the Hardhat project around it. */
async function findIn(directory: string, name: OfficialContract): Promise<ContractArtifact | undefined> {
  for (const root of [directory, path.join(directory, 'artifacts')]) {
    const file = path.join(root, OFFICIAL_SOURCES[name], `${name}.json`);
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw error;
    });
    if (text !== undefined) return parseArtifact(text, file);
  }
  return undefined;
}

function parseArtifact(text: string, file: string): ContractArtifact {
  const fail = (problem: string): WavetankError =>
    new WavetankError('CONTRACT_ARTIFACT_INVALID', `${file} ${problem}.`, { category: 'usage' });
  let parsed: Partial<ContractArtifact>;
  try {
    parsed = JSON.parse(text) as Partial<ContractArtifact>;
  } catch {
    throw fail('is no JSON');
  }
  const { contractName, abi, bytecode } = parsed;
  if (typeof contractName !== 'string' || !Array.isArray(abi)) throw fail('is no Hardhat artifact');
  if (typeof bytecode !== 'string' || !/^0x(?:[0-9a-f]{2})+$/i.test(bytecode)) throw fail('has no linked bytecode');
  return { contractName, abi: abi as JsonFragment[], bytecode };
}
