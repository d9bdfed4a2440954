import type { DocumentedAnswer } from '../../core/openapi.ts';
import type { ErrorCode } from '../codes.ts';
import { CODES } from '../codes.ts';
import { internalError, refusalAnswer, relayedRefusal } from './answers.ts';

const ALL = Object.keys(CODES) as ErrorCode[];

/** Codes by what their names begin with: a new code of a family is documented wherever its family is. */
function family(...beginnings: readonly string[]): readonly ErrorCode[] {
  return ALL.filter((code) => beginnings.some((beginning) => code.startsWith(beginning)));
}

export const REQUEST: readonly ErrorCode[] = ['INVALID_REQUEST', 'BODY_TOO_LARGE'];
/** Whoever must show who he is; a contract wallet is asked on the chain. */
export const PROOF: readonly ErrorCode[] = [...family('SIGNATURE_', 'NONCE_', 'TOKEN_'), 'CHAIN_UNREACHABLE'];
export const ASSET: readonly ErrorCode[] = [
  ...family('DDO_'),
  'CHAIN_UNSUPPORTED',
  'CHAIN_UNREACHABLE',
  'METADATA_CACHE_UNREACHABLE',
  'DID_NOT_FOUND',
  'ASSET_NOT_FROM_FACTORY',
  'SERVICE_NOT_FOUND',
];
/** States of a data NFT in which nobody may read its document. */
export const UNREADABLE_STATES = ['ASSET_END_OF_LIFE', 'ASSET_DEPRECATED', 'ASSET_REVOKED'] as const;
export const CONSUMABLE: readonly ErrorCode[] = [
  ...family('CREDENTIAL_', 'DATATOKEN_'),
  ...UNREADABLE_STATES,
  'ASSET_ORDERING_DISABLED',
  'ASSET_STATE_UNKNOWN',
  'ORDER_DATATOKEN_FOREIGN',
];
export const FILES: readonly ErrorCode[] = family('FILES_', 'FILE_', 'CONSUMER_PARAMETER_');
export const ORDER: readonly ErrorCode[] = [...family('ORDER_'), 'FEES_NOT_PAID'];
export const COMPUTE: readonly ErrorCode[] = ['COMPUTE_DISABLED', 'OPERATOR_UNREACHABLE'];
export const JOB: readonly ErrorCode[] = [
  ...family(
    'FOREIGN_',
    'ENVIRONMENT_',
    'DATASET_',
    'DATASETS_',
    'RAW_ALGORITHM_',
    'ALGORITHM_',
    'TRUST_LIST_',
    'CONTAINER_',
  ),
  'DIFFERENT_CHAINS',
  'JOB_ELSEWHERE',
  'SERVICE_TYPE',
  'FEE_TOKEN_INVALID',
];
export const RBAC: readonly ErrorCode[] = family('RBAC_');
export const CAPABILITY: readonly ErrorCode[] = family('CAPABILITY_');

/** Answers by status for these codes; `at` says where a route answers one with another status than usual. */
export function refusals(
  codes: readonly ErrorCode[],
  at: Readonly<Partial<Record<ErrorCode, readonly number[]>>> = {},
): Record<number, DocumentedAnswer> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    for (const status of at[code] ?? [CODES[code].status])
      byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const answers = [...byStatus].map(([status, some]): [number, DocumentedAnswer] => [
    status,
    {
      description: some.map((code) => `\`${code}\`: ${CODES[code].meaning}`).join('\n'),
      content: { 'application/json': refusalAnswer(some) },
    },
  ]);
  return {
    ...Object.fromEntries(answers),
    500: { description: CODES.INTERNAL.meaning, content: { 'application/json': internalError } },
  };
}

/** What an Operator Service refuses comes with its own code and one of these statuses. */
const RELAYED = [400, 403, 404, 409, 413, 416, 429] as const;

export function relayedRefusals(own: Record<number, DocumentedAnswer>): Record<number, DocumentedAnswer> {
  const relayed = RELAYED.map((status): [number, DocumentedAnswer] => {
    const before = own[status];
    const schema = before?.content?.['application/json'];
    return [
      status,
      {
        description: [before?.description, 'Or what the Operator Service refused, with its own code.']
          .filter((text) => text !== undefined)
          .join('\n'),
        content: {
          'application/json': schema === undefined || schema === 'bytes' ? relayedRefusal : schema.or(relayedRefusal),
        },
      },
    ];
  });
  return { ...own, ...Object.fromEntries(relayed) };
}
