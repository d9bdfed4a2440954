import type { JsonRpcProvider } from 'ethers';
import { Interface, isError } from 'ethers';
import { toHex } from '../core/protocol/hashing.ts';

const face = new Interface([
  'function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4 magicValue)',
]);

/** What ERC-1271 has a contract answer that stands by a signature: the function's own selector, padded to a word. */
const MAGIC_VALUE = `0x1626ba7e${'0'.repeat(56)}`;

/** Enough for several owners, or for a curve that is computed in Solidity; who wants more is not worth waiting for. */
const LARGEST_GAS = 1_000_000n;

/**
 * Whether the contract at `address` stands by a signature of `digest` (ERC-1271). undefined when there is no contract.
 * The signature is 0x hex of whole bytes.
 * A contract that reverts, runs out of gas or answers anything but the magic value does not stand by it.
 */
export async function isContractSignature(
  provider: JsonRpcProvider,
  address: string,
  digest: Uint8Array,
  signature: string,
): Promise<boolean | undefined> {
  const data = face.encodeFunctionData('isValidSignature', [toHex(digest), signature]);
  try {
    const answer = await provider.call({ to: address, data, gasLimit: LARGEST_GAS });
    // An address without code answers nothing at all; so does a contract that knows no such function and falls back.
    return answer === '0x' ? undefined : answer.toLowerCase() === MAGIC_VALUE;
  } catch (error) {
    // The node answered and the call failed: that is the contract's own doing.
    if (isError(error, 'CALL_EXCEPTION') || isError(error, 'UNKNOWN_ERROR')) return false;
    throw error;
  }
}
