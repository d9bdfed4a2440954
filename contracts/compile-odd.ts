import { readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { JsonFragment } from 'ethers';
import { WavetankError } from '../core/errors.ts';
import { SOLIDITY_SETTINGS } from './solidity-settings.ts';

/** Contract name -> what is needed to deploy and call it. */
export type OddArtifacts = Readonly<
  Record<string, { readonly abi: readonly JsonFragment[]; readonly bytecode: string }>
>;

const SOURCES = path.join(import.meta.dirname, 'src');

interface SolcOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, SolcContract>>>>;
}

interface SolcContract {
  readonly abi: readonly JsonFragment[];
  readonly evm: { readonly bytecode: { readonly object: string } };
}

/**
 * Compiles `contracts/src` with the compiler that comes from npm; no download. Warnings are failures.
 * @throws WavetankError SOLIDITY_INVALID
 */
export async function compileOddContracts(): Promise<OddArtifacts> {
  const files = (await readdir(SOURCES)).filter((file) => file.endsWith('.sol')).toSorted();
  const sources = Object.fromEntries(
    await Promise.all(
      files.map(async (file) => [file, { content: await readFile(path.join(SOURCES, file), 'utf8') }] as const),
    ),
  );
  const settings = { ...SOLIDITY_SETTINGS, outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } };
  // The compiler is a ten-megabyte CommonJS file: loaded only by those who compile.
  const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string };
  const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings }))) as SolcOutput;
  const problems = (output.errors ?? []).map(({ formattedMessage }) => formattedMessage);
  if (problems.length > 0) throw new WavetankError('SOLIDITY_INVALID', problems.join('\n'));
  return Object.fromEntries(
    Object.values(output.contracts ?? {})
      .flatMap((contracts) => Object.entries(contracts))
      .filter(([, { evm }]) => evm.bytecode.object !== '')
      .map(([name, { abi, evm }]) => [name, { abi, bytecode: `0x${evm.bytecode.object}` }]),
  );
}
