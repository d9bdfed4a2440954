import { Readable } from 'node:stream';
import { isWavetankError } from '../../core/errors.ts';
import type { Checked } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import type { ByteRange } from './byte-range.ts';
import { resolveRange } from './byte-range.ts';
import type { SmartContractFile } from './file-object.ts';
import type { Userdata } from './file-request.ts';
import type { OpenedFile } from './opened-file.ts';

/**
 * Calls a function of a contract through the node of its chain; JSON text.
 * @throws Refused CHAIN_UNSUPPORTED, CHAIN_UNREACHABLE; WavetankError CONTRACT_…
 */
export type ContractCaller = (file: SmartContractFile, parameters: Userdata) => Promise<string>;

/** The answer as a file: small, hence whole in memory. */
export async function openContract(
  call: ContractCaller,
  file: SmartContractFile,
  { range, userdata = {} }: { range?: ByteRange | undefined; userdata?: Userdata | undefined },
): Promise<Checked<OpenedFile>> {
  let bytes: Buffer;
  try {
    bytes = Buffer.from(await call(file, userdata), 'utf8');
  } catch (error) {
    const reason = reasonOf(error);
    if (reason) return refuse(reason);
    throw error;
  }
  const facts = { contentType: 'application/json', filename: undefined, totalLength: bytes.length };
  if (!range) return passed({ ...facts, ...piece(bytes), status: 200, contentRange: undefined });
  const wanted = resolveRange(range, bytes.length);
  if (!wanted)
    return passed({ ...facts, ...piece(Buffer.alloc(0)), status: 416, contentRange: `bytes */${bytes.length}` });
  const { start, end } = wanted;
  const contentRange = `bytes ${start}-${end}/${bytes.length}`;
  return passed({ ...facts, ...piece(bytes.subarray(start, end + 1)), status: 206, contentRange });
}

function piece(bytes: Buffer): Pick<OpenedFile, 'contentLength' | 'body'> {
  return { contentLength: bytes.length, body: Readable.from([bytes]) };
}

function reasonOf(error: unknown): Parameters<typeof refuse>[0] | undefined {
  if (isWavetankError(error, 'CONTRACT_PARAMETER_MISSING')) {
    const { message } = error;
    const rule = 'file.parameters';
    return { code: 'CONSUMER_PARAMETER_MISSING', field: 'userdata', rule, message, classic: 'Missing parameters' };
  }
  if (isWavetankError(error, 'CONTRACT_PARAMETER_INVALID')) {
    const { message } = error;
    return {
      code: 'CONSUMER_PARAMETER_INVALID',
      field: 'userdata',
      rule: 'file.parameters',
      message,
      classic: message,
    };
  }
  if (isWavetankError(error, 'CONTRACT_ABI_INVALID')) {
    const { message } = error;
    return { code: 'FILE_OBJECT_INVALID', field: 'fileIndex', rule: 'file.object', message, classic: 'invalid abi' };
  }
  if (isWavetankError(error, 'CONTRACT_CALL_FAILED')) {
    return {
      code: 'FILE_UNREACHABLE',
      field: 'fileIndex',
      rule: 'file.reachable',
      message: 'The file cannot be read: its contract does not answer.',
      classic: 'Failed to call contract',
    };
  }
  return undefined;
}
