import type { JsonRpcProvider } from 'ethers';
import { erc20Template } from './abi.ts';
import { call } from './metadata.ts';

/**
 * Which template a datatoken was made from: 1 plain, 2 enterprise, 3 prediction feeds, 4 files on chain. Ask only about a
 * datatoken of the factory, whose templates say it truly.
 * @throws WavetankError CONTRACT_CALL_FAILED when it does not say
 */
export async function readDatatokenTemplate(provider: JsonRpcProvider, datatoken: string): Promise<number> {
  const [id] = await call(provider, erc20Template, datatoken, 'getId');
  return Number(id);
}
