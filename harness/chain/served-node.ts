import { loadNativeBinding } from './native-binding.ts';
import { fileURLToPath } from 'node:url';
import type { HardhatUserConfig } from 'hardhat/config';
import type { Clock, Timer } from '../../core/clock.ts';
import { systemClock } from '../../core/clock.ts';
import type { Native } from '../../core/native.ts';
import type { RunningResource } from '../../core/resource.ts';
import { ResourceStack, runningResource } from '../../core/resource.ts';
import type { ChainAccount } from './chain.ts';
import { followClock } from './chain-time.ts';
import type { JsonRpcHandler } from './json-rpc.ts';
import { startJsonRpcServer } from './json-rpc-server.ts';

/** Plain data: it crosses into another process. */
export interface NodeSettings {
  readonly chainId: number;
  readonly accounts: readonly ChainAccount[];
  /** 0: any free port. */
  readonly port: number;
  readonly blockTimeSeconds?: number;
}

/** A node that is served as JSON-RPC on 127.0.0.1. */
export interface ServedNode extends RunningResource {
  readonly url: string;
  readonly accounts: readonly ChainAccount[];
  /** The same node without HTTP. */
  readonly handle: JsonRpcHandler;
}

/** A million ether each, so that no test suite runs dry. */
const BALANCE_WEI = 10n ** 24n;

const BLOCK_GAS_LIMIT = 60_000_000;

/**
 * A Hardhat 3 network in this process, with its server.
 * @throws the system's EADDRINUSE for a port that is taken
 */
export async function startServedNode(
  settings: NodeSettings,
  { clock, native }: { readonly clock: Clock; readonly native: Native },
): Promise<ServedNode> {
  const stack = new ResourceStack();
  try {
    const node = await startNode(stack, settings, clock, native);
    const handle = clock === systemClock ? node : followClock(clock, node);
    if (settings.blockTimeSeconds !== undefined) mineEvery(stack, clock, settings.blockTimeSeconds, handle);
    const server = await stack.start('JSON-RPC server', () => startJsonRpcServer(handle, { port: settings.port }));
    return runningResource({ url: server.url, accounts: settings.accounts, handle }, () => stack.stop());
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

async function startNode(
  stack: ResourceStack,
  { chainId, accounts, blockTimeSeconds }: NodeSettings,
  clock: Clock,
  native: Native,
): Promise<JsonRpcHandler> {
  loadNativeBinding();
  // Loaded here and not at the top: whoever only reads this module's types, or uses another chain, does not pay for it.
  const { createHardhatRuntimeEnvironment } = await import('hardhat/hre');
  const config: HardhatUserConfig = {
    networks: {
      default: {
        type: 'edr-simulated',
        chainType: 'l1',
        chainId,
        accounts: accounts.map(({ privateKey }) => ({ privateKey, balance: BALANCE_WEI })),
        blockGasLimit: BLOCK_GAS_LIMIT,
        // Classic clients send fixed gas limits above the cap that newer mainnet rules put on one transaction.
        transactionGasCap: false,
        // As real nodes do: a transaction that fails is mined and has a receipt, its hash is returned.
        throwOnTransactionFailures: false,
        // Otherwise a burst of n transactions would run n seconds ahead of the clock.
        allowBlocksWithSameTimestamp: true,
        initialDate: new Date(clock.now()),
        mining: { auto: blockTimeSeconds === undefined, interval: 0 },
      },
    },
  };
  // Hardhat wants a project around it; the folder that somebody happens to work in is none.
  const hre = await createHardhatRuntimeEnvironment(config, {}, fileURLToPath(new URL('../..', import.meta.url)));
  const network = await hre.network.create();
  stack.defer('Hardhat network', () => network.close());
  return ({ method, params }) => native.run(() => network.provider.request({ method, params: [...params] }));
}

/** Interval mining on the injected clock; Hardhat's own would use the machine's. */
function mineEvery(stack: ResourceStack, clock: Clock, seconds: number, handle: JsonRpcHandler): void {
  let isStopped = false;
  let mining: Promise<unknown> = Promise.resolve();
  let timer: Timer | undefined;
  const schedule = (): void => {
    timer = clock.after(seconds * 1000, () => {
      // A block that cannot be mined would fail every waiting client by itself; the next one is tried all the same.
      mining = handle({ method: 'evm_mine', params: [] }).catch(() => undefined);
      if (!isStopped) schedule();
    });
  };
  schedule();
  stack.defer('block timer', async () => {
    isStopped = true;
    timer?.cancel();
    await mining;
  });
}
