import { HDNodeWallet, Mnemonic, hexlify } from 'ethers';
import { expect, it } from 'vitest';
import { seededEntropy } from '../../core/entropy.ts';
import { deriveAccounts } from './derive-accounts.ts';

it('derives the accounts that wallets derive from the same phrase', () => {
  for (let seed = 0; seed < 5; seed++) {
    const { phrase } = Mnemonic.fromEntropy(hexlify(seededEntropy(seed).bytes(16)));
    const wallet = HDNodeWallet.fromPhrase(phrase, undefined, "m/44'/60'/0'/0");
    const expected = [0, 1, 7].map((index) => wallet.deriveChild(index));
    const accounts = deriveAccounts(phrase, 8);
    expect([0, 1, 7].map((index) => accounts[index])).toEqual(
      expected.map(({ address, privateKey }) => ({ address, privateKey })),
    );
  }
});
