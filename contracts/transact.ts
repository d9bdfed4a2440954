import type { Contract, ContractTransactionReceipt, ContractTransactionResponse } from 'ethers';
import { WavetankError, messageOf } from '../core/errors.ts';

/** How long a transaction may take to be mined: a slow public chain's minutes. */
const LONGEST_WAIT_MS = 180_000;

/**
 * Sends one transaction and waits until it is mined.
 * @throws WavetankError CHAIN_TX_REFUSED with the contract's reason in `details.reason`, CHAIN_TX_UNMINED
 */
export async function transact(
  contract: Contract,
  method: string,
  args: readonly unknown[],
): Promise<ContractTransactionReceipt> {
  try {
    const sent = (await contract.getFunction(method)(...args)) as ContractTransactionResponse;
    const receipt = await sent.wait(1, LONGEST_WAIT_MS);
    if (receipt) return receipt;
  } catch (error) {
    throw refusal(method, error);
  }
  throw new WavetankError('CHAIN_TX_UNMINED', `The transaction ${method} was not mined within ${LONGEST_WAIT_MS} ms.`);
}

function refusal(method: string, error: unknown): unknown {
  const { code, reason } = (error ?? {}) as { code?: unknown; reason?: unknown };
  if (code === 'TIMEOUT')
    return new WavetankError('CHAIN_TX_UNMINED', `The transaction ${method} was not mined in time.`, { cause: error });
  if (code !== 'CALL_EXCEPTION') return error;
  const why = typeof reason === 'string' ? reason : messageOf(error);
  return new WavetankError('CHAIN_TX_REFUSED', `The chain refuses ${method}: ${why}`, {
    cause: error,
    details: { method, reason: why },
  });
}
