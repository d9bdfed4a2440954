import type { JsonRpcProvider } from 'ethers';
import { formatUnits } from 'ethers';
import { erc20Template, fixedRateExchange } from './abi.ts';
import { call, readTokenName } from './metadata.ts';

/** What one datatoken costs, as the metadata cache tells it. */
export interface Price {
  /** Whole tokens; 0 where it is given away or not for sale. */
  readonly value: number;
  readonly tokenAddress: string;
  readonly tokenSymbol: string;
}

/** A fixed rate is kept with 18 decimals, whatever the base token has. */
const RATE_DECIMALS = 18;

/** The first fixed rate of a datatoken; `free` where it has none. */
export async function readPrice(provider: JsonRpcProvider, datatoken: string, free: Price): Promise<Price> {
  const [rates] = await call(provider, erc20Template, datatoken, 'getFixedRates');
  const [first] = rates as { readonly contractAddress: string; readonly id: string }[];
  if (!first) return free;
  const exchange = await call(provider, fixedRateExchange, first.contractAddress, 'getExchange', [first.id]);
  const { baseToken, fixedRate } = exchange.toObject() as { readonly baseToken: string; readonly fixedRate: bigint };
  const { symbol } = await readTokenName(provider, baseToken);
  return { value: Number(formatUnits(fixedRate, RATE_DECIMALS)), tokenAddress: baseToken, tokenSymbol: symbol };
}
