import { HDNodeWallet } from 'ethers';
import type { ChainAccount } from './chain.ts';

const ACCOUNTS_PATH = "m/44'/60'/0'/0";

/**
 * The first `count` accounts of a BIP-39 phrase. Done here and not by Hardhat: its pure-JavaScript key stretching alone
 * took 0.35 s of the chain's start, ethers uses the one of Node.
 */
export function deriveAccounts(mnemonic: string, count: number): ChainAccount[] {
  const root = HDNodeWallet.fromPhrase(mnemonic, undefined, ACCOUNTS_PATH);
  return Array.from({ length: count }, (_, index) => {
    const { address, privateKey } = root.deriveChild(index);
    return { address, privateKey };
  });
}
