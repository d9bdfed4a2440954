import type { Signer } from 'ethers';
import { Contract } from 'ethers';
import { ZERO_ADDRESS } from '../core/protocol/address.ts';
import { ENTERPRISE_ABI } from './abi.ts';
import type { OceanAddresses } from './address-book.ts';
import type { MinedTransaction, OrderRequest } from './ocean-contracts.ts';
import { NO_MARKET_FEE, feeTuple } from './ocean-contracts.ts';
import { transact } from './transact.ts';

/**
 * Orders of enterprise datatokens (template 2), where buying and ordering is one transaction of `signer`. The datatoken
 * needs its allowance of the base token, and of the fee token, beforehand.
 */
export function enterpriseOrders(addresses: OceanAddresses, signer: Signer) {
  const token = (address: string): Contract => new Contract(address, ENTERPRISE_ABI, signer);
  const orderTuple = ({ consumer, serviceIndex, providerFee }: OrderRequest): unknown[] => [
    consumer,
    serviceIndex,
    feeTuple(providerFee),
    NO_MARKET_FEE,
  ];
  return {
    /** Pays at most `atMost` of the base token. */
    async buyFromFixedRateAndOrder(order: OrderRequest, exchangeId: string, atMost: bigint): Promise<MinedTransaction> {
      const rate = [addresses.FixedPrice, exchangeId, atMost, 0n, ZERO_ADDRESS];
      const { hash, blockNumber } = await transact(token(order.datatoken), 'buyFromFreAndOrder', [
        orderTuple(order),
        rate,
      ]);
      return { transactionHash: hash, blockNumber };
    },

    /** Takes the datatoken from the dispenser. */
    async buyFromDispenserAndOrder(order: OrderRequest): Promise<MinedTransaction> {
      const args = [orderTuple(order), addresses.Dispenser];
      const { hash, blockNumber } = await transact(token(order.datatoken), 'buyFromDispenserAndOrder', args);
      return { transactionHash: hash, blockNumber };
    },
  };
}
