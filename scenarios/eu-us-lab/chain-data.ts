import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

const ANSWER_TIMEOUT_MS = 30_000;

/** What anybody reads from the chain: through JSON-RPC, as anybody would; many questions in one request. */
async function rpc<T>(rpcUrl: string, calls: readonly Call[]): Promise<T[]> {
  const question = request(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    // Not through a proxy that the environment names for Node's own agent.
    agent: false,
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  question.end(JSON.stringify(calls.map((call, id) => ({ jsonrpc: '2.0', id, ...call }))));
  const [response] = (await once(question, 'response')) as [IncomingMessage];
  const answers = JSON.parse(await text(response)) as { id: number; result?: T; error?: { message: string } }[];
  const byId = new Map(answers.map((answer) => [answer.id, answer]));
  return calls.map(({ method }, id) => {
    const { result, error } = byId.get(id) ?? {};
    if (error || result === undefined) throw new Error(`${method}: ${error?.message ?? 'no result'}`);
    return result;
  });
}

export async function chainHeight(rpcUrl: string): Promise<number> {
  const [number] = await rpc<string>(rpcUrl, [{ method: 'eth_blockNumber', params: [] }]);
  return Number(number);
}

interface Block {
  readonly transactions: readonly { readonly hash: string; readonly input: string }[];
}

const BLOCKS_AT_ONCE = 50;

/** The bytes of all transactions and events after a block. */
export async function chainData(
  rpcUrl: string,
  afterBlock: number,
): Promise<readonly { readonly where: string; readonly bytes: Uint8Array }[]> {
  const height = await chainHeight(rpcUrl);
  const numbers = Array.from({ length: height - afterBlock }, (_, i) => hexOf(afterBlock + 1 + i));
  const blocks: Block[] = [];
  for (let at = 0; at < numbers.length; at += BLOCKS_AT_ONCE) {
    const some = numbers.slice(at, at + BLOCKS_AT_ONCE);
    const calls = some.map((number) => ({ method: 'eth_getBlockByNumber', params: [number, true] }));
    blocks.push(...(await rpc<Block>(rpcUrl, calls)));
  }
  const range = { fromBlock: hexOf(afterBlock + 1), toBlock: 'latest' };
  const [logs = []] = await rpc<{ data: string; transactionHash: string }[]>(rpcUrl, [
    { method: 'eth_getLogs', params: [range] },
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

function hexOf(number: number): string {
  return `0x${number.toString(16)}`;
}
