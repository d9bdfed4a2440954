import type { JsonRpcProvider, TransactionLike, TransactionRequest } from 'ethers';
import { AbstractSigner, Signature, Transaction, TransactionResponse, getBytes } from 'ethers';
import { messageOf } from '../../core/errors.ts';
import { addressOfPrivateKey, signDigest } from '../../core/protocol/signing.ts';

/**
 * A wallet that counts its own nonces and asks for the fee once: of six questions per transaction the gas estimate is left,
 * since that is where a contract says why it refuses. One transaction at a time, and nobody else may use the account.
 * It signs with the curve that the rest of this process has warm, and does not recover from its own signature who it is.
 */
export class CountingWallet extends AbstractSigner<JsonRpcProvider> {
  readonly address: string;
  readonly #privateKey: string;
  readonly #chainId: number;
  #nextNonce: number | undefined;
  #fees: Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> | undefined;

  constructor(privateKey: string, chain: JsonRpcProvider, chainId: number) {
    super(chain);
    this.address = addressOfPrivateKey(privateKey);
    this.#privateKey = privateKey;
    this.#chainId = chainId;
  }

  override async getAddress(): Promise<string> {
    return this.address;
  }

  override connect(chain: JsonRpcProvider): CountingWallet {
    return new CountingWallet(this.#privateKey, chain, this.#chainId);
  }

  override async populateTransaction(transaction: TransactionRequest): Promise<TransactionLike<string>> {
    const [call, nonce, fees] = await Promise.all([
      this.populateCall(transaction),
      this.#nextNonce ?? this.provider.getTransactionCount(this.address, 'pending'),
      (this.#fees ??= this.#askFees()),
    ]);
    const gasLimit = call.gasLimit ?? (await this.provider.estimateGas({ ...transaction, from: this.address }));
    return { ...call, nonce, ...fees, gasLimit, chainId: this.#chainId, type: 2 };
  }

  override async sendTransaction(transaction: TransactionRequest): Promise<TransactionResponse> {
    const hasCounted = this.#nextNonce !== undefined;
    try {
      const { from: _ourselves, ...populated } = await this.populateTransaction(transaction);
      const signed = this.#signed(populated);
      const hash = (await this.provider.send('eth_sendRawTransaction', [signed.serialized])) as string;
      this.#nextNonce = signed.nonce + 1;
      return this.#response(signed, hash);
    } catch (error) {
      // Whatever it was: what is known of the account and of the fee may be out of date.
      this.#nextNonce = undefined;
      this.#fees = undefined;
      // Somebody set the chain back (evm_revert), or used the account after all.
      if (hasCounted && /nonce (too high|too low|has already been used)/i.test(messageOf(error)))
        return this.sendTransaction(transaction);
      throw error;
    }
  }

  override async signTransaction(transaction: TransactionRequest): Promise<string> {
    const { from: _ourselves, ...populated } = await this.populateTransaction(transaction);
    return this.#signed(populated).serialized;
  }

  override signMessage(): Promise<string> {
    return Promise.reject(new Error('This wallet signs transactions alone.'));
  }

  override signTypedData(): Promise<string> {
    return Promise.reject(new Error('This wallet signs transactions alone.'));
  }

  #signed(populated: TransactionLike<string>): Transaction {
    const transaction = Transaction.from(populated);
    transaction.signature = Signature.from(signDigest(getBytes(transaction.unsignedHash), this.#privateKey));
    return transaction;
  }

  /** As far as it is known before it is mined. */
  #response(signed: Transaction, hash: string): TransactionResponse {
    const { to, type, nonce, data, value, chainId, gasLimit, accessList, signature } = signed;
    const { maxFeePerGas, maxPriorityFeePerGas } = signed;
    const place = { blockNumber: null, blockHash: null, index: 0 };
    const facts = { hash, from: this.address, to, type: type ?? 2, nonce, data, value, chainId, gasLimit, accessList };
    const fees = { gasPrice: maxFeePerGas ?? 0n, maxFeePerGas, maxPriorityFeePerGas };
    return new TransactionResponse(
      { ...place, ...facts, ...fees, signature: signature as Signature } as ConstructorParameters<
        typeof TransactionResponse
      >[0],
      this.provider,
    );
  }

  /** Room for a base fee that grows for a hundred full blocks; only what is needed is paid. */
  async #askFees(): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> {
    const block = await this.provider.getBlock('latest');
    const tip = 1_000_000_000n;
    return { maxFeePerGas: (block?.baseFeePerGas ?? tip) * 100_000n + tip, maxPriorityFeePerGas: tip };
  }
}
