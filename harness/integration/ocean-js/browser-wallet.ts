import { JsonRpcProvider, Wallet, getBytes } from 'ethers';
import type { TransactionRequest } from 'ethers';

interface WalletRequest {
  readonly method: string;
  readonly params?: readonly unknown[] | Record<string, unknown>;
}

/** What a page sees as `window.ethereum`: an EIP-1193 face whose keys never leave it. */
export interface BrowserWallet {
  readonly address: string;
  /** What the node was asked, by method. The node never gets a transaction that somebody else has to sign. */
  readonly asked: ReadonlyMap<string, number>;
  request(request: WalletRequest): Promise<unknown>;
  close(): void;
}

/** A wallet as browsers have them: it signs by itself and sends raw transactions, and refuses to sign bare hashes. */
export function openBrowserWallet(rpcUrl: string, privateKey: string): BrowserWallet {
  const node = new JsonRpcProvider(rpcUrl, undefined, { cacheTimeout: -1, pollingInterval: 50 });
  const asked = new Map<string, number>();
  const send = node.send.bind(node);
  node.send = (method, params) => {
    asked.set(method, (asked.get(method) ?? 0) + 1);
    return send(method, params);
  };
  const wallet = new Wallet(privateKey, node);

  async function request({ method, params = [] }: WalletRequest): Promise<unknown> {
    const list = params as readonly unknown[];
    switch (method) {
      case 'eth_requestAccounts':
      case 'eth_accounts':
        return [wallet.address];
      case 'personal_sign':
        return wallet.signMessage(getBytes(String(list[0])));
      case 'eth_sendTransaction': {
        const { gas, ...transaction } = list[0] as TransactionRequest & { gas?: string };
        const sent = await wallet.sendTransaction({ ...transaction, ...(gas ? { gasLimit: gas } : {}) });
        return sent.hash;
      }
      case 'eth_sign':
        throw Object.assign(new Error('The method "eth_sign" is not available.'), { code: 4200 });
      default:
        return node.send(method, [...list]);
    }
  }

  return { address: wallet.address, asked, request, close: () => node.destroy() };
}
