import { z } from 'zod';
import type { DocumentedHeader, DocumentedRoute } from '../../core/openapi.ts';
import { schema as computeDelete } from '../routes/compute-delete.ts';
import { schema as computeResult } from '../routes/compute-result.ts';
import { schema as computeStart } from '../routes/compute-start.ts';
import { schema as computeStatus } from '../routes/compute-status.ts';
import { schema as computeStop } from '../routes/compute-stop.ts';
import { createSchema, deleteSchema } from '../routes/auth-token.ts';
import { schema as decrypt } from '../routes/decrypt.ts';
import { schema as download } from '../routes/download.ts';
import { querySchema as encrypt } from '../routes/encrypt.ts';
import { schema as fileinfo } from '../routes/fileinfo.ts';
import { schema as initialize } from '../routes/initialize.ts';
import { schema as initializeCompute } from '../routes/initialize-compute.ts';
import { schema as nonce } from '../routes/nonce.ts';
import * as answers from './answers.ts';
import {
  ASSET,
  CAPABILITY,
  COMPUTE,
  CONSUMABLE,
  FILES,
  JOB,
  ORDER,
  PROOF,
  RBAC,
  REQUEST,
  UNREADABLE_STATES,
  refusals,
  relayedRefusals,
} from './refusals.ts';

const API = '/api/services';
const JSON_TYPE = 'application/json';
const TEXT_TYPE = 'text/plain';

const AUTH_TOKEN: DocumentedHeader = {
  name: 'AuthToken',
  description: 'Stands for the signature where there is none.',
  required: false,
};
const RANGE: DocumentedHeader = { name: 'Range', description: 'One range of bytes (RFC 9110).', required: false };

const json = (description: string, schema: z.ZodType) => ({ description, content: { [JSON_TYPE]: schema } });
const bytes = (description: string) => ({ description, content: { '*/*': 'bytes' as const } });
const fileAnswers = {
  200: bytes('The bytes.'),
  206: bytes('The range that was asked for.'),
  416: { description: 'Nothing lies in that range.' },
};

const openRoutes: readonly DocumentedRoute[] = [
  {
    method: 'get',
    path: '/',
    summary: 'The map of all routes, and the address of this Provider on each chain',
    answers: { 200: json('The root document.', answers.rootAnswer), ...refusals(REQUEST) },
  },
  ...['/openapi.json', '/spec'].map((path): DocumentedRoute => ({
    method: 'get',
    path,
    summary: 'This document',
    answers: { 200: json('OpenAPI 3.1.', z.looseObject({ openapi: z.literal('3.1.0') })), ...refusals(REQUEST) },
  })),
  {
    method: 'get',
    path: '/api/docs',
    summary: 'This document as a page',
    answers: { 200: { description: 'HTML.', content: { 'text/html': z.string() } }, ...refusals(REQUEST) },
  },
  {
    method: 'get',
    path: `${API}/nonce`,
    summary: 'The last nonce of an address; "1" for who never sent one',
    query: nonce,
    answers: { 200: json('The last nonce.', answers.nonceAnswer), ...refusals(REQUEST) },
  },
  {
    method: 'post',
    path: `${API}/encrypt`,
    summary: 'Encrypts octets for this Provider',
    query: encrypt,
    body: { 'application/octet-stream': 'bytes' },
    answers: {
      201: { description: 'Bare 0x hex.', content: { [TEXT_TYPE]: answers.encryptedAnswer } },
      ...refusals([...REQUEST, 'ENCRYPT_FAILED']),
    },
  },
  {
    method: 'post',
    path: `${API}/fileinfo`,
    summary: "What may be told about an asset's files, or about a file of one's own",
    body: { [JSON_TYPE]: fileinfo },
    answers: {
      200: json('One entry per file; what cannot be read is not valid.', answers.fileInfoAnswer),
      ...refusals([...REQUEST, ...ASSET, ...FILES, 'TOO_MANY_CHECKSUMS']),
    },
  },
  {
    method: 'get',
    path: `${API}/initialize`,
    summary: 'Quotes a download',
    query: initialize,
    answers: {
      200: json('A fee, or the order that holds already.', answers.initializeAnswer),
      ...refusals([
        ...REQUEST,
        ...RBAC,
        ...ASSET,
        ...CONSUMABLE,
        ...FILES,
        'WRONG_INITIALIZE',
        'ENVIRONMENT_NOT_TRUSTED',
        'VALID_UNTIL_INVALID',
      ]),
    },
  },
  {
    method: 'post',
    path: `${API}/validateContainer`,
    summary: 'Whether a container section is complete; images are not looked up',
    body: { [JSON_TYPE]: z.looseObject({}) },
    answers: {
      200: json('The container as it was sent.', answers.containerAnswer),
      ...refusals([...REQUEST, 'CONTAINER_INCOMPLETE', 'CONTAINER_CHECKSUM']),
    },
  },
  {
    method: 'get',
    path: `${API}/input`,
    summary: "One file of one job, for the job's broker",
    headers: [{ name: 'Authorization', description: 'Bearer capability of the workflow.', required: false }, RANGE],
    answers: {
      ...fileAnswers,
      ...refusals(
        [...REQUEST, ...CAPABILITY, ...ASSET, ...FILES],
        Object.fromEntries(FILES.map((code) => [code, [400, 502]])),
      ),
    },
  },
];

const signedRoutes: readonly DocumentedRoute[] = [
  {
    method: 'post',
    path: `${API}/decrypt`,
    summary:
      'Decrypts a published document; signed: (transactionId or dataNftAddress) + decrypterAddress + chainId + nonce',
    body: { [JSON_TYPE]: decrypt },
    headers: [AUTH_TOKEN],
    answers: {
      201: { description: 'The document, verbatim.', content: { [TEXT_TYPE]: z.string() } },
      ...refusals(
        [
          ...REQUEST,
          ...PROOF,
          'CHAIN_UNSUPPORTED',
          'DECRYPTER_NOT_AUTHORIZED',
          'ASSET_NOT_FROM_FACTORY',
          'METADATA_TX_INVALID',
          ...UNREADABLE_STATES,
          'ASSET_STATE_UNKNOWN',
          'DECRYPT_FAILED',
          'DDO_INVALID',
          'DDO_HASH_MISMATCH',
        ],
        Object.fromEntries(UNREADABLE_STATES.map((code) => [code, [403]])),
      ),
    },
  },
  {
    method: 'get',
    path: `${API}/download`,
    summary: 'A file of a service of type access; signed: documentId + nonce',
    query: download,
    headers: [AUTH_TOKEN, RANGE],
    answers: {
      ...fileAnswers,
      ...refusals([...REQUEST, ...RBAC, ...PROOF, ...ASSET, ...CONSUMABLE, ...ORDER, ...FILES, 'SERVICE_TYPE']),
    },
  },
  {
    method: 'get',
    path: `${API}/createAuthToken`,
    summary: 'A token that stands for a signature; signed: address + nonce',
    query: createSchema,
    answers: { 200: json('The token.', answers.tokenAnswer), ...refusals([...REQUEST, ...PROOF]) },
  },
  {
    method: 'delete',
    path: `${API}/deleteAuthToken`,
    summary: 'Ends a token; signed: address + nonce',
    body: { [JSON_TYPE]: deleteSchema },
    answers: { 200: json('It is deleted.', answers.tokenDeletedAnswer), ...refusals([...REQUEST, ...PROOF]) },
  },
];

const computeRoutes: readonly DocumentedRoute[] = [
  {
    method: 'get',
    path: `${API}/computeEnvironments`,
    summary: 'Compute environments by chain id',
    answers: { 200: json('By chain id.', answers.environmentsAnswer), ...refusals([...REQUEST, ...COMPUTE]) },
  },
  {
    method: 'post',
    path: `${API}/initializeCompute`,
    summary: 'Quotes a job, element by element',
    body: { [JSON_TYPE]: initializeCompute },
    answers: {
      200: json('A fee, an order that holds already, or both to renew.', answers.initializeComputeAnswer),
      ...refusals([
        ...REQUEST,
        ...COMPUTE,
        ...ASSET,
        ...CONSUMABLE,
        ...FILES,
        ...JOB,
        'VALID_UNTIL_INVALID',
        'TOO_MANY_CHECKSUMS',
      ]),
    },
  },
  {
    method: 'post',
    path: `${API}/compute`,
    summary: 'Starts a job; signed: consumerAddress + (jobId) + dataset.documentId + nonce',
    body: { [JSON_TYPE]: computeStart },
    headers: [AUTH_TOKEN],
    answers: {
      200: json('The job.', answers.jobsAnswer),
      ...relayedRefusals(
        refusals([
          ...REQUEST,
          ...RBAC,
          ...PROOF,
          ...COMPUTE,
          ...ASSET,
          ...CONSUMABLE,
          ...FILES,
          ...JOB,
          ...ORDER,
          'OUTPUT_INVALID',
          'OPERATOR_REFUSED',
        ]),
      ),
    },
  },
  {
    method: 'get',
    path: `${API}/compute`,
    summary:
      "A consumer's jobs; signed (optional): compute status <consumerAddress> <jobId> <nonce>; HEAD only unsigned",
    query: computeStatus,
    headers: [AUTH_TOKEN],
    answers: {
      200: {
        description: 'Jobs; to who accepts text/event-stream, every change of them.',
        content: { [JSON_TYPE]: answers.jobsAnswer, 'text/event-stream': 'bytes' },
      },
      ...refusals([...REQUEST, ...PROOF, ...COMPUTE, 'TOO_MANY_STREAMS', 'METHOD_NOT_ALLOWED']),
    },
  },
  {
    method: 'put',
    path: `${API}/compute`,
    summary: 'Stops jobs; signed: consumerAddress + jobId + documentId + nonce, or consumerAddress + jobId',
    body: { [JSON_TYPE]: computeStop },
    headers: [AUTH_TOKEN],
    answers: {
      200: json('The jobs.', answers.jobsAnswer),
      ...relayedRefusals(refusals([...REQUEST, ...RBAC, ...PROOF, ...COMPUTE, 'JOB_ID_MISSING', 'OPERATOR_REFUSED'])),
    },
  },
  {
    method: 'delete',
    path: `${API}/compute`,
    summary: 'Deletes a job with its results; signed: consumerAddress + jobId + documentId + nonce',
    body: { [JSON_TYPE]: computeDelete },
    headers: [AUTH_TOKEN],
    answers: {
      200: json('It is deleted.', answers.deletedAnswer),
      ...relayedRefusals(refusals([...REQUEST, ...RBAC, ...PROOF, ...COMPUTE, 'JOB_ID_MISSING', 'OPERATOR_REFUSED'])),
    },
  },
  {
    method: 'get',
    path: `${API}/computeResult`,
    summary: "One result of a job, for the job's owner; signed: consumerAddress + jobId + index + nonce",
    query: computeResult,
    headers: [AUTH_TOKEN, RANGE],
    answers: {
      ...relayedRefusals(refusals([...REQUEST, ...PROOF, ...COMPUTE, 'OPERATOR_REFUSED'])),
      200: bytes('The bytes.'),
      206: bytes('The range that was asked for.'),
      416: bytes('Nothing lies in that range.'),
    },
  },
];

/** Every route of a Provider. PUT and DELETE take their fields from the query string instead when there is one. */
export const PROVIDER_ROUTES: readonly DocumentedRoute[] = [...openRoutes, ...signedRoutes, ...computeRoutes];
