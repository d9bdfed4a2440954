import type { JsonRpcProvider, TransactionLike, TransactionRequest } from 'ethers';
import { Wallet } from 'ethers';

/**
 * A wallet that counts its own nonces and asks for the fee once: of four questions per transaction the gas estimate is left,
 * since that is where a contract says why it refuses. One transaction at a time, and nobody else may use the account.
 */
export class CountingWallet extends Wallet {
  readonly #chain: JsonRpcProvider;
  readonly #chainId: number;
  #nextNonce: number | undefined;
  #fees: Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> | undefined;

  constructor(privateKey: string, chain: JsonRpcProvider, chainId: number) {
    super(privateKey, chain);
    this.#chain = chain;
    this.#chainId = chainId;
  }

  override async populateTransaction(transaction: TransactionRequest): Promise<TransactionLike<string>> {
    const [call, nonce, fees] = await Promise.all([
      this.populateCall(transaction),
      this.#nextNonce ?? this.#chain.getTransactionCount(this.address, 'pending'),
      (this.#fees ??= this.#askFees()),
    ]);
    const gasLimit = call.gasLimit ?? (await this.#chain.estimateGas({ ...transaction, from: this.address }));
    return { ...call, nonce, ...fees, gasLimit, chainId: this.#chainId, type: 2 };
  }

  override async sendTransaction(transaction: TransactionRequest): ReturnType<Wallet['sendTransaction']> {
    try {
      const sent = await super.sendTransaction(transaction);
      this.#nextNonce = sent.nonce + 1;
      return sent;
    } catch (error) {
      // Whatever it was: what is known of the account and of the fee may be out of date.
      this.#nextNonce = undefined;
      this.#fees = undefined;
      throw error;
    }
  }

  /** Room for a base fee that grows for a hundred full blocks; only what is needed is paid. */
  async #askFees(): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> {
    const block = await this.#chain.getBlock('latest');
    const tip = 1_000_000_000n;
    return { maxFeePerGas: (block?.baseFeePerGas ?? tip) * 100_000n + tip, maxPriorityFeePerGas: tip };
  }
}
