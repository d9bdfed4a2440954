import type { JsonRpcProvider } from 'ethers';
import { Signature, Transaction } from 'ethers';
import type { SignatureParts } from '../core/protocol/signing.ts';
import { fromHex } from '../core/protocol/hashing.ts';

/** Who pays for a transaction, and signs its hash: the key itself stays where it is. */
export interface TransactionSigner {
  readonly address: string;
  signDigest(digest: Uint8Array): Promise<SignatureParts>;
}

/** On top of what the node estimates: the state may move on until the transaction is mined. */
const GAS_MARGIN = 20_000n;

/**
 * Hands one transaction to the node. @returns its hash
 * @throws the node's error, also when the transaction would fail
 */
export async function sendTransaction(
  provider: JsonRpcProvider,
  { to, data }: { readonly to: string; readonly data: string },
  signer: TransactionSigner,
): Promise<string> {
  const from = signer.address;
  const [network, nonce, gas, fees] = await Promise.all([
    provider.getNetwork(),
    provider.getTransactionCount(from, 'pending'),
    provider.estimateGas({ from, to, data }),
    provider.getFeeData(),
  ]);
  const { maxFeePerGas, maxPriorityFeePerGas, gasPrice } = fees;
  const transaction = Transaction.from({
    to,
    data,
    nonce,
    chainId: network.chainId,
    gasLimit: gas + GAS_MARGIN,
    ...(maxFeePerGas !== null && maxPriorityFeePerGas !== null
      ? { type: 2, maxFeePerGas, maxPriorityFeePerGas }
      : { type: 0, gasPrice: gasPrice ?? 0n }),
  });
  transaction.signature = Signature.from(await signer.signDigest(fromHex(transaction.unsignedHash)));
  return (await provider.broadcastTransaction(transaction.serialized)).hash;
}
