import { Interface } from 'ethers';

/**
 * The parts of Ocean's contract interfaces that we speak, in ethers' human-readable form; the artifacts' own are
 * a hundred kilobytes each. `abi.test.ts` compares every line with the official artifacts.
 */
const PROVIDER_FEE =
  'tuple(address providerFeeAddress, address providerFeeToken, uint256 providerFeeAmount, uint8 v, bytes32 r, bytes32 s, uint256 validUntil, bytes providerData)';
const CONSUME_MARKET_FEE =
  'tuple(address consumeMarketFeeAddress, address consumeMarketFeeToken, uint256 consumeMarketFeeAmount)';
const NFT_DATA =
  'tuple(string name, string symbol, uint256 templateIndex, string tokenURI, bool transferable, address owner)';
const DATATOKEN_DATA =
  'tuple(uint256 templateIndex, string[] strings, address[] addresses, uint256[] uints, bytes[] bytess)';
const METADATA_FIELDS =
  'uint8 state, string decryptorUrl, bytes flags, bytes data, bytes32 metaDataHash, uint256 timestamp, uint256 blockNumber';

export const ERC721_FACTORY_ABI = [
  `function createNftWithErc20(${NFT_DATA} _NftCreateData, ${DATATOKEN_DATA} _ErcCreateData) returns (address erc721Address, address erc20Address)`,
  `function createNftWithErc20WithFixedRate(${NFT_DATA} _NftCreateData, ${DATATOKEN_DATA} _ErcCreateData, tuple(address fixedPriceAddress, address[] addresses, uint256[] uints) _FixedData) returns (address erc721Address, address erc20Address, bytes32 exchangeId)`,
  `function createNftWithErc20WithDispenser(${NFT_DATA} _NftCreateData, ${DATATOKEN_DATA} _ErcCreateData, tuple(address dispenserAddress, uint256 maxTokens, uint256 maxBalance, bool withMint, address allowedSwapper) _DispenserData) returns (address erc721Address, address erc20Address)`,
  `function startMultipleTokenOrder(tuple(address tokenAddress, address consumer, uint256 serviceIndex, ${PROVIDER_FEE} _providerFee, ${CONSUME_MARKET_FEE} _consumeMarketFee)[] orders)`,
  'function erc721List(address) view returns (address)',
  'function erc20List(address) view returns (bool)',
  'function getCurrentTemplateCount() view returns (uint256)',
  'function getTokenTemplate(uint256 _index) view returns (tuple(address templateAddress, bool isActive))',
  'event NFTCreated(address newTokenAddress, address indexed templateAddress, string tokenName, address indexed admin, string symbol, string tokenURI, bool transferable, address indexed creator)',
  'event TokenCreated(address indexed newTokenAddress, address indexed templateAddress, string name, string symbol, uint256 cap, address creator)',
  'event NewFixedRate(bytes32 exchangeId, address indexed owner, address exchangeContract, address indexed baseToken)',
] as const;

export const ERC721_TEMPLATE_ABI = [
  'function setMetaData(uint8 _metaDataState, string _metaDataDecryptorUrl, string _metaDataDecryptorAddress, bytes flags, bytes data, bytes32 _metaDataHash, tuple(address validatorAddress, uint8 v, bytes32 r, bytes32 s)[] _metadataProofs)',
  'function setMetaDataState(uint8 _metaDataState)',
  'function getMetaData() view returns (string, string, uint8, bool)',
  'function isDeployed(address datatoken) view returns (bool)',
  'function getTokensList() view returns (address[])',
  'function createERC20(uint256 _templateIndex, string[] strings, address[] addresses, uint256[] uints, bytes[] bytess) returns (address)',
  'function ownerOf(uint256 tokenId) view returns (address)',
  'function safeTransferFrom(address from, address to, uint256 tokenId)',
  'function name() view returns (string)',
  'function symbol() view returns (string)',
  'function tokenURI(uint256 tokenId) view returns (string)',
  `event MetadataCreated(address indexed createdBy, ${METADATA_FIELDS})`,
  `event MetadataUpdated(address indexed updatedBy, ${METADATA_FIELDS})`,
  'event MetadataState(address indexed updatedBy, uint8 state, uint256 timestamp, uint256 blockNumber)',
  'event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)',
] as const;

export const ERC20_TEMPLATE_ABI = [
  `function startOrder(address consumer, uint256 serviceIndex, ${PROVIDER_FEE} _providerFee, ${CONSUME_MARKET_FEE} _consumeMarketFee)`,
  `function reuseOrder(bytes32 orderTxId, ${PROVIDER_FEE} _providerFee)`,
  'function orderExecuted(bytes32 orderTxId, bytes providerData, bytes providerSignature, bytes consumerData, bytes consumerSignature, address consumerAddress)',
  'function mint(address account, uint256 value)',
  'function approve(address spender, uint256 amount) returns (bool)',
  'function transfer(address to, uint256 amount) returns (bool)',
  'function allowance(address owner, address spender) view returns (uint256)',
  'function balanceOf(address account) view returns (uint256)',
  'function totalSupply() view returns (uint256)',
  'function decimals() pure returns (uint8)',
  'function name() view returns (string)',
  'function symbol() view returns (string)',
  'function cap() view returns (uint256)',
  'function getId() pure returns (uint8)',
  'function getERC721Address() view returns (address)',
  'function getPaymentCollector() view returns (address)',
  'function permissions(address) view returns (bool minter, bool paymentManager)',
  'function getFixedRates() view returns (tuple(address contractAddress, bytes32 id)[])',
  'event OrderStarted(address indexed consumer, address payer, uint256 amount, uint256 serviceIndex, uint256 timestamp, address indexed publishMarketAddress, uint256 blockNumber)',
  'event OrderReused(bytes32 orderTxId, address caller, uint256 timestamp, uint256 number)',
  'event ProviderFee(address indexed providerFeeAddress, address indexed providerFeeToken, uint256 providerFeeAmount, bytes providerData, uint8 v, bytes32 r, bytes32 s, uint256 validUntil)',
  'event OrderExecuted(address indexed providerAddress, address indexed consumerAddress, bytes32 orderTxId, bytes providerData, bytes providerSignature, bytes consumerData, bytes consumerSignature, uint256 timestamp, uint256 blockNumber)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
] as const;

const ORDER_PARAMETERS = `tuple(address consumer, uint256 serviceIndex, ${PROVIDER_FEE} _providerFee, ${CONSUME_MARKET_FEE} _consumeMarketFee)`;

/** What only enterprise datatokens (template 2) can: buy and order at once. */
export const ENTERPRISE_ABI = [
  `function buyFromFreAndOrder(${ORDER_PARAMETERS} _orderParams, tuple(address exchangeContract, bytes32 exchangeId, uint256 maxBaseTokenAmount, uint256 swapMarketFee, address marketFeeAddress) _freParams)`,
  `function buyFromDispenserAndOrder(${ORDER_PARAMETERS} _orderParams, address dispenserContract)`,
] as const;

export const FIXED_RATE_ABI = [
  'function buyDT(bytes32 exchangeId, uint256 datatokenAmount, uint256 maxBaseTokenAmount, address consumeMarketAddress, uint256 consumeMarketSwapFeeAmount)',
  'function calcBaseInGivenOutDT(bytes32 exchangeId, uint256 datatokenAmount, uint256 consumeMarketSwapFeeAmount) view returns (uint256 baseTokenAmount, uint256 oceanFeeAmount, uint256 publishMarketFeeAmount, uint256 consumeMarketFeeAmount)',
  'function getExchange(bytes32 exchangeId) view returns (address exchangeOwner, address datatoken, uint256 dtDecimals, address baseToken, uint256 btDecimals, uint256 fixedRate, bool active, uint256 dtSupply, uint256 btSupply, uint256 dtBalance, uint256 btBalance, bool withMint)',
] as const;

export const DISPENSER_ABI = [
  'function dispense(address datatoken, uint256 amount, address destination) payable',
] as const;

export const erc721Factory = new Interface(ERC721_FACTORY_ABI);
export const erc721Template = new Interface(ERC721_TEMPLATE_ABI);
export const erc20Template = new Interface(ERC20_TEMPLATE_ABI);
export const fixedRateExchange = new Interface(FIXED_RATE_ABI);
export const dispenser = new Interface(DISPENSER_ABI);
