import type { RunningResource } from '../../core/resource.ts';

/** The chain id and network name that Ocean's tools know a local chain by. */
export const LOCAL_CHAIN_ID = 8996;

/** What outside test suites take for granted about a local Ocean chain: its accounts come from this phrase. Test money only. */
export const CLASSIC_MNEMONIC = 'taxi music thumb unique chat sand crew more leg another off lamp';

/** Where the accounts of the classic local network stand in the list that the phrase gives. */
export const CLASSIC_ACCOUNT_INDEX = { deployer: 0, firstTester: 1, secondTester: 2, provider: 8 } as const;

export interface ChainAccount {
  /** EIP-55 spelling. */
  readonly address: string;
  /** 0x and 64 hex digits. A test key: whoever reads the phrase has it. */
  readonly privateKey: string;
}

/** A chain that this testbed uses: one of its own, or one that was there before. */
export interface Chain {
  readonly rpcUrl: string;
  readonly chainId: number;
  /** Accounts with money, in the order of their derivation. */
  readonly accounts: readonly ChainAccount[];
}

export interface RunningChain extends Chain, RunningResource {
  /** False on a chain that belongs to others: what waits for a time to pass is skipped there. */
  readonly timeIsMovable: boolean;
  /** Moves chain time on for every later block, and mines one. Whole seconds. */
  advanceTime(seconds: number): Promise<void>;
  /** Mines blocks, empty when nothing waits. */
  mine(blocks?: number): Promise<void>;
}
