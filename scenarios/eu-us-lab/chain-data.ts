/** What anybody reads from the chain: through JSON-RPC, as anybody would. */
async function rpc<T>(rpcUrl: string, method: string, ...params: readonly unknown[]): Promise<T> {
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result?: T; error?: { message: string } };
  if (error || result === undefined) throw new Error(`${method}: ${error?.message ?? 'no result'}`);
  return result;
}

export async function chainHeight(rpcUrl: string): Promise<number> {
  return Number(await rpc<string>(rpcUrl, 'eth_blockNumber'));
}

interface Block {
  readonly transactions: readonly { readonly hash: string; readonly input: string }[];
}

/** The bytes of all transactions and events after a block. */
export async function chainData(
  rpcUrl: string,
  afterBlock: number,
): Promise<readonly { readonly where: string; readonly bytes: Uint8Array }[]> {
  const height = await chainHeight(rpcUrl);
  const numbers = Array.from({ length: height - afterBlock }, (_, i) => `0x${(afterBlock + 1 + i).toString(16)}`);
  const [blocks, logs] = await Promise.all([
    Promise.all(numbers.map((number) => rpc<Block>(rpcUrl, 'eth_getBlockByNumber', number, true))),
    rpc<{ data: string; transactionHash: string }[]>(rpcUrl, 'eth_getLogs', {
      fromBlock: `0x${(afterBlock + 1).toString(16)}`,
      toBlock: 'latest',
    }),
  ]);
  const transactions = blocks.flatMap((block) => block.transactions);
  return [
    ...transactions.map(({ hash, input }) => ({ where: `transaction ${hash}`, bytes: bytesOf(input) })),
    ...logs.map(({ transactionHash, data }) => ({ where: `event in ${transactionHash}`, bytes: bytesOf(data) })),
  ];
}

function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex.slice(2), 'hex');
}
