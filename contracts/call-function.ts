import type { JsonRpcProvider, ParamType } from 'ethers';
import { FunctionFragment, Interface, getAddress } from 'ethers';
import { WavetankError } from '../core/errors.ts';

export interface FunctionCall {
  readonly address: string;
  /** JSON ABI of one function that only reads. */
  readonly abi: { readonly name: string };
  /** Arguments by the names of the ABI. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** What a contract answered is never larger here: a node may be somebody else's. */
const MAX_ANSWER_CHARS = 16 * 1024 * 1024;

/**
 * Calls a function at the newest block and gives its answer as JSON text: one value bare, several (and structs) as a
 * list, integers with all their digits, bytes as 0x hex. Spelled as Python spells JSON, which is what the classic
 * Provider serves, so that checksums over it agree.
 * @throws WavetankError CONTRACT_PARAMETER_MISSING, CONTRACT_PARAMETER_INVALID (details.name), CONTRACT_ABI_INVALID,
 * CONTRACT_CALL_FAILED
 */
export async function callFunction(
  provider: JsonRpcProvider,
  { address, abi, parameters }: FunctionCall,
): Promise<string> {
  const fragment = fragmentOf(abi);
  const face = new Interface([fragment]);
  const args = fragment.inputs.map((input) => argumentOf(input, parameters));
  let data: string;
  try {
    data = face.encodeFunctionData(fragment, args);
  } catch {
    // The library's message holds the values.
    throw invalidParameter('', 'The parameters do not fit the function.');
  }
  try {
    const answer = await provider.call({ to: getAddress(address.toLowerCase()), data });
    if (answer.length > MAX_ANSWER_CHARS)
      throw new WavetankError('CONTRACT_CALL_FAILED', 'The answer of the contract is too large.');
    const values: unknown[] = face.decodeFunctionResult(fragment, answer).toArray(true);
    return jsonOf(values.length === 1 ? values[0] : values);
  } catch (error) {
    if (!isContractsFault(error)) throw error;
    throw new WavetankError('CONTRACT_CALL_FAILED', `The contract does not answer ${fragment.name}.`, { cause: error });
  }
}

function fragmentOf(abi: FunctionCall['abi']): FunctionFragment {
  try {
    return FunctionFragment.from(abi);
  } catch {
    throw new WavetankError('CONTRACT_ABI_INVALID', 'The ABI cannot be read.');
  }
}

function argumentOf(input: ParamType, parameters: Readonly<Record<string, unknown>>): unknown {
  const value = Object.hasOwn(parameters, input.name) ? parameters[input.name] : undefined;
  if (value === undefined || value === null || value === '') {
    if (input.type === 'string' && value === '') return '';
    throw new WavetankError('CONTRACT_PARAMETER_MISSING', `The function needs the parameter ${input.name}.`, {
      category: 'usage',
      details: { name: input.name },
    });
  }
  try {
    return input.walk(value, (type, leaf: unknown) => leafOf(type, leaf));
  } catch {
    throw invalidParameter(input.name, `The parameter ${input.name} is no ${input.format()}.`);
  }
}

/** Forms send everything as text; what ethers would take for true or for another's spelling is read here. */
function leafOf(type: string, value: unknown): unknown {
  if (type === 'bool') {
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw new TypeError('no boolean');
  }
  if (type === 'address') {
    if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(value)) throw new TypeError('no address');
    return getAddress(value.toLowerCase());
  }
  if (/^u?int/.test(type)) {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
    if (typeof value === 'string' && /^(-?\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value)) return BigInt(value);
    throw new TypeError('no integer');
  }
  if (typeof value !== 'string') throw new TypeError('no text');
  return value;
}

function jsonOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(', ')}]`;
  if (typeof value === 'bigint') return value.toString();
  return JSON.stringify(value).replaceAll(/[\u007F-\uFFFF]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function invalidParameter(name: string, message: string): WavetankError {
  return new WavetankError('CONTRACT_PARAMETER_INVALID', message, { category: 'usage', details: { name } });
}

function isContractsFault(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === 'CALL_EXCEPTION' || code === 'BAD_DATA' || code === 'BUFFER_OVERRUN' || code === 'INVALID_ARGUMENT';
}
