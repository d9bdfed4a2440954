import type { OfficialContract } from './artifacts.ts';

/**
 * Ocean's own deployment of release 2.6.0 (`scripts/deploy-contracts.js` of oceanprotocol/contracts, branch
 * `development`) as data: what is created and called, in its order and with its wiring. The order decides the nonces
 * and so the addresses, which up to the Dispenser wiring are those of the classic local network.
 * Left out, since no part of Compute-to-Data touches them: vote-escrow, vesting, data farming, PredictoorHelper.
 * Escrow, its fee collector and EnterpriseEscrow come from the release's separate scripts.
 */
export type DeploymentStep = CreateStep | CallStep;

export interface CreateStep {
  readonly kind: 'create';
  readonly contract: OfficialContract;
  /** What later steps call it. */
  readonly as: string;
  readonly args: readonly PlanArgument[];
}

export interface CallStep {
  readonly kind: 'call';
  readonly on: string;
  readonly method: string;
  readonly args: readonly PlanArgument[];
}

/** `{ ref }` is the address of an earlier step, `{ account }` an account of the chain (0 deploys and owns). */
export type PlanArgument =
  | { readonly ref: string }
  | { readonly account: number }
  | { readonly value: string | bigint | readonly string[] };

const ref = (name: string): PlanArgument => ({ ref: name });
const value = (given: string | bigint | readonly string[]): PlanArgument => ({ value: given });
const OWNER: PlanArgument = { account: 0 };

/** Where the router's pool template would be, since Ocean dropped its pools. */
const DEAD_ADDRESS = '0x000000000000000000000000000000000000dEaD';

const OCEAN = 10n ** 18n;

function create(contract: OfficialContract, args: readonly PlanArgument[] = [], as: string = contract): CreateStep {
  return { kind: 'create', contract, as, args };
}

function call(on: string, method: string, ...args: readonly PlanArgument[]): CallStep {
  return { kind: 'call', on, method, args };
}

/** `testers`: how many further accounts get OCEAN tokens; Ocean's script takes the first nine after the deployer. */
export function deploymentPlan(testers = 9): DeploymentStep[] {
  return [
    create('OceanToken', [OWNER], 'Ocean'),
    call('Ocean', 'mint', OWNER, value(1_000_000n * OCEAN)),
    ...Array.from({ length: testers }, (_, i) => call('Ocean', 'mint', { account: i + 1 }, value(100_000n * OCEAN))),
    create('MockERC20Decimals', [value('DAI'), value('DAI'), value(18n)], 'MockDAI'),
    create('MockERC20Decimals', [value('USDC'), value('USDC'), value(6n)], 'MockUSDC'),
    create('OPFCommunityFeeCollector', [OWNER, OWNER]),
    create('EnterpriseFeeCollector', [OWNER, OWNER]),
    create(
      'FactoryRouter',
      [OWNER, ref('Ocean'), value(DEAD_ADDRESS), ref('OPFCommunityFeeCollector'), value([])],
      'Router',
    ),
    create('FixedRateExchange', [ref('Router')], 'FixedPrice'),
    create('FixedRateExchangeEnterprise', [ref('Router'), ref('EnterpriseFeeCollector')], 'FixedPriceEnterprise'),
    create('ERC20Template'),
    create('ERC20TemplateEnterprise'),
    create('ERC20Template3'),
    create('ERC20Template4'),
    create('ERC721Template'),
    create('Dispenser', [ref('Router')]),
    create('ERC721Factory', [ref('ERC721Template'), ref('ERC20Template'), ref('Router')]),
    call('ERC721Factory', 'addTokenTemplate', ref('ERC20TemplateEnterprise')),
    call('ERC721Factory', 'addTokenTemplate', ref('ERC20Template3')),
    call('ERC721Factory', 'addTokenTemplate', ref('ERC20Template4')),
    call('Router', 'addFactory', ref('ERC721Factory')),
    call('Router', 'addFixedRateContract', ref('FixedPrice')),
    call('Router', 'addFixedRateContract', ref('FixedPriceEnterprise')),
    call('Router', 'addDispenserContract', ref('Dispenser')),
    create('AccessList'),
    create('AccessListFactory', [ref('AccessList')]),
    create('OPFCommunityFeeCollector', [OWNER, OWNER], 'OPFCommunityFeeCollectorCompute'),
    create('Escrow', [ref('Router'), ref('OPFCommunityFeeCollectorCompute')]),
    create('EnterpriseEscrow', [ref('EnterpriseFeeCollector')]),
  ];
}
