import type { Clock } from '../../core/clock.ts';
import { nowSeconds } from '../../core/clock.ts';
import type { JsonRpcCall, JsonRpcHandler } from './json-rpc.ts';

/** Calls that make a block or look into the one to come. */
const NEEDS_NEXT_BLOCK = new Set([
  'eth_sendTransaction',
  'eth_sendRawTransaction',
  'eth_call',
  'eth_estimateGas',
  'evm_mine',
  'hardhat_mine',
]);

/**
 * Makes the time of new blocks follow an injected clock, where the EVM by itself follows the machine's.
 * The faces that move chain time (evm_increaseTime, evm_setNextBlockTimestamp, evm_mine with a time) keep their meaning:
 * what they add is remembered as an offset to the clock. Time never runs backwards; blocks of one second share it.
 */
export function followClock(clock: Clock, node: JsonRpcHandler): JsonRpcHandler {
  let offset = 0;
  let isNextPinned = false;
  const offsetBySnapshot = new Map<unknown, number>();

  async function setNextBlockTime(): Promise<void> {
    if (isNextPinned) return;
    const latest = (await node({ method: 'eth_getBlockByNumber', params: ['latest', false] })) as { timestamp: string };
    const target = Math.max(nowSeconds(clock) + offset, Number(latest.timestamp));
    await node({ method: 'evm_setNextBlockTimestamp', params: [target] });
  }

  async function handle(call: JsonRpcCall): Promise<unknown> {
    const [first] = call.params;
    switch (call.method) {
      case 'evm_increaseTime':
        offset += Number(first);
        return String(offset);
      case 'evm_setNextBlockTimestamp': {
        const result = await node(call);
        offset = Number(first) - nowSeconds(clock);
        isNextPinned = true;
        return result;
      }
      case 'evm_snapshot': {
        const id = await node(call);
        offsetBySnapshot.set(id, offset);
        return id;
      }
      case 'evm_revert': {
        const isReverted = await node(call);
        if (isReverted === true) offset = offsetBySnapshot.get(first) ?? offset;
        return isReverted;
      }
      default:
        return passOn(call);
    }
  }

  async function passOn(call: JsonRpcCall): Promise<unknown> {
    if (call.method === 'evm_mine' && call.params.length > 0) offset = Number(call.params[0]) - nowSeconds(clock);
    else if (NEEDS_NEXT_BLOCK.has(call.method)) await setNextBlockTime();
    const result = await node(call);
    if (call.method !== 'eth_call' && call.method !== 'eth_estimateGas')
      isNextPinned &&= !NEEDS_NEXT_BLOCK.has(call.method);
    return result;
  }

  return oneAtATime(handle);
}

/** Setting the time and using it must not be torn apart by another call. */
export function oneAtATime(handle: JsonRpcHandler): JsonRpcHandler {
  let last: Promise<unknown> = Promise.resolve();
  return (call) => {
    const next = last.then(() => handle(call));
    last = next.catch(() => undefined);
    return next;
  };
}
