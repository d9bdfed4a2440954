import type { Fragment } from 'ethers';
import { Interface } from 'ethers';
import { describe, expect, it } from 'vitest';
import {
  DISPENSER_ABI,
  ENTERPRISE_ABI,
  ERC20_TEMPLATE_ABI,
  ERC721_FACTORY_ABI,
  ERC721_TEMPLATE_ABI,
  FIXED_RATE_ABI,
  erc20Template,
  erc721Factory,
  erc721Template,
} from './abi.ts';
import type { OfficialContract } from './artifacts.ts';
import { artifactLookup } from './artifacts.ts';
import {
  MetadataCreated,
  MetadataState,
  MetadataUpdated,
  NFTCreated,
  OrderReused,
  OrderStarted,
  ProviderFee,
  TokenCreated,
} from './events.ts';

const official = artifactLookup();

/** Types, order, `indexed` and mutability, without the names of parameters. */
function shape(fragment: Fragment): string {
  return fragment.format('minimal');
}

async function officialFragments(contract: OfficialContract): Promise<Map<string, string>> {
  const { fragments } = new Interface((await official(contract)).abi);
  return new Map(fragments.map((fragment) => [shape(fragment), fragment.format('full')]));
}

describe('the interfaces we speak', () => {
  const claims: readonly [OfficialContract, readonly string[]][] = [
    ['ERC721Factory', ERC721_FACTORY_ABI],
    ['ERC721Template', ERC721_TEMPLATE_ABI],
    ['ERC20Template', ERC20_TEMPLATE_ABI],
    ['ERC20TemplateEnterprise', ERC20_TEMPLATE_ABI],
    ['ERC20TemplateEnterprise', ENTERPRISE_ABI],
    ['FixedRateExchange', FIXED_RATE_ABI],
    ['Dispenser', DISPENSER_ABI],
  ];
  for (const [contract, abi] of claims) {
    it(`are those of the official ${contract}, names of fields included`, async () => {
      const known = await officialFragments(contract);
      for (const fragment of new Interface(abi).fragments) {
        expect([...known.keys()]).toContain(shape(fragment));
        expect(known.get(shape(fragment))).toBe(fragment.format('full'));
      }
    });
  }

  it('have the topics that every Ocean client filters by', () => {
    expect({
      NFTCreated: NFTCreated.topic,
      TokenCreated: TokenCreated.topic,
      MetadataCreated: MetadataCreated.topic,
      MetadataUpdated: MetadataUpdated.topic,
      MetadataState: MetadataState.topic,
      OrderStarted: OrderStarted.topic,
      OrderReused: OrderReused.topic,
      ProviderFee: ProviderFee.topic,
    }).toEqual({
      NFTCreated: '0x8125264ec1d174cb383ea0646ea1e6921ca3b0aba20370c8e18389e7c2d6a571',
      TokenCreated: '0x567699dbf7c5f63a51a42fd451f5e065bca0dfc723adf2cc498bbb7cfb780b90',
      MetadataCreated: '0x5463569dcc320958360074a9ab27e809e8a6942c394fb151d139b5f7b4ecb1bd',
      MetadataUpdated: '0xe5c4cf86b1815151e6f453e1e133d4454ae3b0b07145db39f2e0178685deac84',
      MetadataState: '0xa8336411cc72db0e5bdc4dff989eeb35879bafaceffb59b54b37645c3395adb9',
      OrderStarted: '0xe1c4fa794edfa8f619b8257a077398950357b9c6398528f94480307352f9afcc',
      OrderReused: '0x526e31449ea46e2aecf9b480c8d7dfa191348ef74ffdf75b445a6ab726daa6ff',
      ProviderFee: '0xf8ed11cdaaf10eca2b6c941fb802cb8682afe86cac1eb93f70d0780fa062c544',
    });
  });

  it('have the selectors that are on the wire', () => {
    const selector = (face: Interface, name: string): string | undefined => face.getFunction(name)?.selector;
    expect(selector(erc721Factory, 'createNftWithErc20')).toBe('0xf86b2bcf');
    expect(selector(erc721Factory, 'startMultipleTokenOrder')).toBe('0x94be0e88');
    expect(selector(erc721Template, 'setMetaData')).toBe('0x1aa3adf9');
    expect(selector(erc721Template, 'setMetaDataState')).toBe('0x467c97f5');
    expect(selector(erc721Template, 'getMetaData')).toBe('0xd2786ba4');
    expect(selector(erc721Template, 'isDeployed')).toBe('0x90184b02');
    expect(selector(erc20Template, 'startOrder')).toBe('0x79d9d7f3');
    expect(selector(erc20Template, 'reuseOrder')).toBe('0x361fef49');
    expect(selector(erc20Template, 'mint')).toBe('0x40c10f19');
  });
});
