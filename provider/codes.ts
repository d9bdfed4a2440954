/**
 * Every code that a Provider answers with: its HTTP status, what it means and what to do.
 * docs/parts/provider.md prints this table; a test compares the two.
 */
export interface CodeEntry {
  readonly status: number;
  readonly meaning: string;
  readonly action: string;
}

export const CODES = {
  // Requests
  INVALID_REQUEST: entry(400, 'A field is missing or malformed; `field` names it.', 'Correct the field.'),
  BODY_TOO_LARGE: entry(
    413,
    'The body is larger than this Provider accepts.',
    'Send less, or ask the operator for a higher limit.',
  ),
  NOT_FOUND: entry(404, 'No such route.', 'Read the routes from the root document.'),
  METHOD_NOT_ALLOWED: entry(405, 'The route does not take this verb.', 'Use the verb the root document names.'),
  TOO_MANY_STREAMS: entry(429, 'Too many event streams are open.', 'Close one, or poll.'),
  TOO_MANY_CHECKSUMS: entry(
    429,
    'This Provider is hashing files for as many others as it can, and as many wait.',
    'Ask again later; `fileinfo` also without `checksum`.',
  ),
  INTERNAL: entry(
    500,
    'A mistake of this Provider; `requestId` finds it in the log.',
    'Report it with the request id.',
  ),
  // Who asks
  SIGNATURE_MISSING: entry(400, 'The route needs a signature or an AuthToken.', 'Sign the message of this route.'),
  SIGNATURE_INVALID: entry(
    400,
    'The signature is not this address over this message.',
    'Sign exactly the message that the route documents, with the address as it is sent.',
  ),
  NONCE_INVALID: entry(400, 'The nonce is no non-negative decimal number in plain notation.', 'Send a decimal number.'),
  NONCE_TOO_LARGE: entry(
    400,
    'The nonce is 2^53 or more: clients that count in doubles could never add one to it.',
    'Use milliseconds or a counter.',
  ),
  NONCE_NOT_GREATER: entry(
    400,
    'The nonce is not greater than the last one of this address.',
    'Fetch the nonce and add one.',
  ),
  NONCE_ALREADY_USED: entry(
    400,
    'The environment address has used this nonce, or it is older than the window.',
    'Sign again with a fresh nonce.',
  ),
  TOKEN_INVALID: entry(400, 'The AuthToken is not one of this Provider for this address.', 'Create a new one.'),
  TOKEN_EXPIRED: entry(400, 'The AuthToken has expired.', 'Create a new one.'),
  TOKEN_REVOKED: entry(400, 'The AuthToken was deleted.', 'Create a new one.'),
  CAPABILITY_MISSING: entry(403, 'The route needs a capability as bearer token.', "Only a job's broker has one."),
  CAPABILITY_INVALID: entry(
    403,
    'The capability was not written by this Provider, or was changed.',
    'Use the one from the workflow.',
  ),
  CAPABILITY_EXPIRED: entry(403, 'The capability has expired.', 'Start the job again.'),
  // Chain and asset
  CHAIN_UNSUPPORTED: entry(400, 'This Provider serves no such chain.', 'Use a chain of the root document.'),
  CHAIN_UNREACHABLE: entry(502, "The chain's node did not answer.", 'Try again later.'),
  METADATA_CACHE_UNREACHABLE: entry(
    502,
    'The metadata cache did not answer and the asset is not known here yet.',
    'Try again later.',
  ),
  DID_NOT_FOUND: entry(
    400,
    'The DID is not known, or names no asset of a chain served here.',
    'Check the DID; wait until the metadata cache has it.',
  ),
  ASSET_NOT_FROM_FACTORY: entry(
    400,
    "The data NFT was not deployed by Ocean's factory.",
    'Publish through the factory.',
  ),
  DDO_NOT_PUBLISHED: entry(400, 'The data NFT has no metadata on chain.', 'Call setMetaData.'),
  DDO_UNREADABLE: entry(
    400,
    'The on-chain document can be decrypted neither here nor by its own Provider.',
    'Publish it through a Provider that this one can ask.',
  ),
  DDO_HASH_MISMATCH: entry(400, 'The document does not have the hash that the chain records.', 'Publish it again.'),
  DDO_INVALID: entry(
    400,
    'The document is no valid DDO of this asset.',
    'Correct what `explain` names and publish it again.',
  ),
  SERVICE_NOT_FOUND: entry(400, 'The asset has no such service.', 'Use a service id of the DDO.'),
  ASSET_END_OF_LIFE: entry(400, 'The asset is at the end of its life (state 1).', 'Use another asset.'),
  ASSET_DEPRECATED: entry(400, 'The asset was replaced by another (state 2).', 'Use the one that replaced it.'),
  ASSET_REVOKED: entry(400, 'The publisher revoked the asset (state 3).', 'Ask the publisher.'),
  ASSET_ORDERING_DISABLED: entry(400, 'The asset takes no orders for the moment (state 4).', 'Try again later.'),
  ASSET_STATE_UNKNOWN: entry(400, "The asset's state on chain has no meaning (6 and above).", 'Ask the publisher.'),
  CREDENTIAL_NOT_IN_ALLOW_LIST: entry(
    400,
    'The allow list does not have this address.',
    'Ask the publisher to be added.',
  ),
  CREDENTIAL_IN_DENY_LIST: entry(400, 'The deny list has this address.', 'Ask the publisher.'),
  RBAC_DENIED: entry(403, 'The server of roles does not allow this to the consumer.', 'Ask the operator for the role.'),
  RBAC_UNREACHABLE: entry(502, 'The server of roles did not answer.', 'Try again later.'),
  DECRYPTER_NOT_AUTHORIZED: entry(
    403,
    'This Provider decrypts documents for listed addresses only.',
    'Ask its operator.',
  ),
  DECRYPT_FAILED: entry(
    400,
    'The bytes were not encrypted for this Provider, or were changed.',
    'Use the Provider they were encrypted with.',
  ),
  ENCRYPT_FAILED: entry(
    400,
    'The body cannot be encrypted for this chain.',
    'Send octets and a chain id of the root document.',
  ),
  METADATA_TX_INVALID: entry(
    400,
    'The transaction has no metadata event of this data NFT.',
    'Name the transaction of setMetaData.',
  ),
  // Files
  FILES_UNDECRYPTABLE: entry(
    400,
    "The service's files were not encrypted for this Provider.",
    "Ask the Provider of the service's endpoint.",
  ),
  FILES_NOT_BOUND: entry(
    400,
    'The encrypted files name another data NFT or datatoken.',
    'Encrypt the files anew for this asset.',
  ),
  FILE_OBJECT_INVALID: entry(400, 'A file object is malformed.', 'Correct what `explain` names.'),
  FILE_TYPE_UNSUPPORTED: entry(
    400,
    'There are no files of this type.',
    'Use url, ipfs, arweave, graphql or smartcontract.',
  ),
  FILE_GATEWAY_MISSING: entry(
    400,
    'This Provider has no gateway to the network that the file lies in.',
    'Ask its operator for one, or use a file of type url.',
  ),
  FILE_INDEX_OUT_OF_RANGE: entry(400, 'The service has fewer files.', 'Use an index below the number of files.'),
  FILE_ADDRESS_FORBIDDEN: entry(
    400,
    'The file lies at an address that this Provider must not reach.',
    'Host the file at a public address.',
  ),
  FILE_UNREACHABLE: entry(400, 'The file cannot be read at its source.', 'Ask the publisher.'),
  FILE_TOO_LARGE: entry(
    400,
    'The file is larger than what this Provider reads for a checksum.',
    'Use a smaller file, or ask the operator for a higher limit.',
  ),
  CONSUMER_PARAMETER_MISSING: entry(
    400,
    'A parameter that the service, the algorithm or the file needs was not sent.',
    'Send what `explain` names.',
  ),
  CONSUMER_PARAMETER_INVALID: entry(
    400,
    'A parameter has not the type, or is none of the choices, that the publisher declared.',
    'Correct what `explain` names.',
  ),
  // Payment
  ORDER_TX_INVALID: entry(400, 'transferTxId is no transaction hash.', 'Send the hash of startOrder or reuseOrder.'),
  ORDER_TX_NOT_FOUND: entry(400, 'The chain does not know the transaction.', 'Wait until it is mined.'),
  ORDER_TX_FAILED: entry(400, 'The transaction was reverted.', 'Order again.'),
  ORDER_TX_UNCONFIRMED: entry(400, 'The transaction has too few confirmations.', 'Try again some blocks later.'),
  ORDER_DATATOKEN_FOREIGN: entry(
    400,
    "The service's datatoken does not belong to the asset's data NFT.",
    'Ask the publisher.',
  ),
  DATATOKEN_TEMPLATE_UNSUPPORTED: entry(
    400,
    "The service's datatoken is of another template than 1 and 2.",
    'Publish with template 1 or 2.',
  ),
  FEE_TOKEN_INVALID: entry(
    502,
    'The token in which this Provider quotes fees does not answer as an ERC-20.',
    'Tell its operator.',
  ),
  ORDER_NOT_FOUND: entry(
    400,
    'The transaction holds no order of this service, emitted by its datatoken.',
    'Order the service whose id you name.',
  ),
  ORDER_REUSE_INVALID: entry(
    400,
    'The reuse does not name a start of an order of this datatoken.',
    'Reuse the hash of startOrder.',
  ),
  ORDER_AMOUNT: entry(400, 'The order paid less than one datatoken.', 'Order again.'),
  ORDER_EXPIRED: entry(
    400,
    "The order's time (start and service timeout) is over; reusing it renews the fee only.",
    'Order again.',
  ),
  ORDER_NOT_YOURS: entry(
    400,
    'The order was made neither for this address, nor by it for this environment.',
    'Use your own order.',
  ),
  ORDER_FEE_NOT_FOUND: entry(
    400,
    'The order carries no fee that this Provider signed for this service.',
    'Order with the fee of initialize or initializeCompute.',
  ),
  ORDER_FEE_SIGNATURE: entry(
    400,
    'The fee in the order is not signed by this Provider.',
    'Order with a fee that this Provider quoted.',
  ),
  ORDER_FEE_ENVIRONMENT: entry(
    400,
    'The fee was quoted for another compute environment.',
    'Call initializeCompute for this environment.',
  ),
  ORDER_FEE_EXPIRED: entry(
    400,
    'The provider fee has expired.',
    'Call initializeCompute with the order and reuse it with the new fee.',
  ),
  FEES_NOT_PAID: entry(
    400,
    'No order of the job carries the fee of the environment.',
    'Pay what initializeCompute quotes.',
  ),
  ORDER_IN_USE: entry(
    400,
    'The order pays for another job that has not ended, or whose start was cut off less than 30 seconds ago.',
    'Wait for that job, or stop it. A start without an answer: send the same request again.',
  ),
  // Compute
  COMPUTE_DISABLED: entry(404, 'This Provider has no Operator Service.', 'Use a Provider with compute.'),
  ENVIRONMENT_MISSING: entry(400, 'The request names no compute environment.', 'Choose one of computeEnvironments.'),
  ENVIRONMENT_UNKNOWN: entry(
    400,
    'There is no such compute environment for this chain.',
    'Choose one of computeEnvironments.',
  ),
  VALID_UNTIL_INVALID: entry(400, 'validUntil is not a time in the future.', 'Send Unix seconds in the future.'),
  WRONG_INITIALIZE: entry(400, 'The service is of type compute.', 'Call initializeCompute.'),
  SERVICE_TYPE: entry(400, 'The service is of the wrong type for this use.', 'Use a service of the right type.'),
  DATASET_MISSING: entry(
    400,
    'The job has no dataset, or a dataset is incomplete.',
    'Name documentId, serviceId and transferTxId.',
  ),
  DIFFERENT_CHAINS: entry(400, "The job's assets are on different chains.", 'Use assets of one chain.'),
  FOREIGN_PROVIDER_NOT_ALLOWED: entry(
    400,
    "The environment's operator fetches no files from the Provider that serves the asset.",
    'Choose an environment that lists it under `inputProviders`, or ask its operator.',
  ),
  FOREIGN_PROVIDER_UNREACHABLE: entry(
    502,
    'The Provider that serves the asset does not answer, or not as a Provider does.',
    'Try again later, or ask the data owner.',
  ),
  FOREIGN_PROVIDER_REFUSED: entry(
    400,
    'The Provider that serves the asset refuses; `explain` says why.',
    'Depends on the reason.',
  ),
  FOREIGN_QUOTE_INVALID: entry(
    502,
    'The Provider that serves the asset quoted a fee that no order could use.',
    'Ask the data owner.',
  ),
  JOB_ELSEWHERE: entry(
    400,
    'Nothing of the job is served here: no order can pay for the environment.',
    'Start the job at the Provider of one of them.',
  ),
  ENVIRONMENT_NOT_TRUSTED: entry(
    400,
    'The data is for computing only, and the environment is not one that this Provider gives it to.',
    'Choose an environment of this Provider, or ask the data owner.',
  ),
  RAW_ALGORITHM_NOT_ALLOWED: entry(
    400,
    'The dataset does not allow raw code.',
    'Publish the algorithm and ask the data owner.',
  ),
  ALGORITHM_NOT_TRUSTED: entry(
    400,
    "The dataset's list of algorithms does not have this one.",
    'Ask the data owner to add its DID.',
  ),
  ALGORITHM_PUBLISHER_NOT_TRUSTED: entry(
    400,
    "The dataset's list of publishers does not have this algorithm's owner.",
    'Ask the data owner.',
  ),
  ALGORITHM_FILES_CHANGED: entry(
    400,
    "The algorithm's files are not those that the data owner approved.",
    'Restore them, or ask for a new approval.',
  ),
  ALGORITHM_CONTAINER_CHANGED: entry(
    400,
    "The algorithm's entrypoint or image is not what the data owner approved.",
    'Restore them, or ask for a new approval.',
  ),
  TRUST_LIST_INVALID: entry(
    400,
    "An entry of the dataset's list of algorithms has no DID.",
    'Ask the data owner to correct it.',
  ),
  ALGORITHM_MISSING: entry(400, 'The request names no algorithm.', 'Send a DID or raw code.'),
  ALGORITHM_TYPE: entry(400, 'The asset is no algorithm.', 'Use an asset whose metadata.type is algorithm.'),
  RAW_ALGORITHM_EMPTY: entry(400, 'The raw algorithm has no code.', 'Send meta.rawcode.'),
  CONTAINER_INCOMPLETE: entry(400, 'The container lacks entrypoint, image or checksum.', 'Send all three.'),
  CONTAINER_CHECKSUM: entry(400, "The container's checksum is no sha256 digest.", 'Send sha256: and 64 hex digits.'),
  OUTPUT_INVALID: entry(400, 'output is no JSON object.', 'Correct or omit it.'),
  JOB_ID_MISSING: entry(400, 'The request names no job.', 'Send jobId.'),
  OPERATOR_UNREACHABLE: entry(
    502,
    'The Operator Service did not answer.',
    'Try again; a start that arrived is found again, not repeated.',
  ),
  OPERATOR_REFUSED: entry(400, 'The Operator Service refused; `explain` says why.', 'Depends on the reason.'),
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof CODES;

function entry(status: number, meaning: string, action: string): CodeEntry {
  return { status, meaning, action };
}
