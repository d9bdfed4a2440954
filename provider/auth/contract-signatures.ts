import { checksumAddress } from '../../core/protocol/address.ts';
import { messageDigest } from '../../core/protocol/signing.ts';
import type { Chains } from '../chain/chains.ts';

/** A wallet of many owners joins a signature of each; what is longer, or no bytes at all, is refused without asking. */
const LONGEST_BYTES = 4096;

/** Signatures of consumers that are contracts (ERC-1271): wallets of several owners, accounts without a key. */
export interface ContractSignatures {
  /**
   * Whether the contract at `address` stands by the signature of this text, over the same digest that a key signs.
   * @throws Refused CHAIN_UNREACHABLE
   */
  isValid(address: string, message: string, signature: string): Promise<boolean>;
}

/**
 * The same address may be another's contract on another chain (a deployment that is repeated there by somebody else), and
 * nonces, tokens and jobs belong to the address alone. So every served chain is asked: each contract that is there must
 * agree, and one must be there.
 */
export function createContractSignatures(chains: Chains): ContractSignatures {
  return {
    async isValid(address, message, signature) {
      if (signature.length > 2 + 2 * LONGEST_BYTES || !/^0x([0-9a-fA-F]{2})+$/.test(signature)) return false;
      const digest = messageDigest(message);
      const account = checksumAddress(address);
      const answers = await Promise.all(
        chains.all.map(({ reader }) => reader.isContractSignature(account, digest, signature)),
      );
      const found = answers.filter((answer) => answer !== undefined);
      return found.length > 0 && found.every((answer) => answer);
    },
  };
}
