import { z } from 'zod';

const MAX_DEPTH = 8;

/** A parameter of a Solidity ABI; structs have components. */
export interface AbiParameter {
  readonly name: string;
  readonly type: string;
  readonly components?: readonly AbiParameter[] | undefined;
}

/** The one function of a smartcontract file, as its ABI says it. It only reads. */
export interface FunctionAbi {
  readonly type: 'function';
  readonly name: string;
  readonly inputs: readonly AbiParameter[];
  readonly outputs: readonly AbiParameter[];
  readonly stateMutability: 'view' | 'pure';
}

const TYPE = /^(address|bool|string|bytes([1-9]|[12]\d|3[0-2])?|u?int(\d{1,3})?|tuple)(\[\d{0,4}\]){0,4}$/;

const parameterSchema: z.ZodType<AbiParameter> = z.lazy(() =>
  z.object({
    name: z.string().max(100).default(''),
    type: z.string().regex(TYPE),
    components: z.array(parameterSchema).max(64).optional(),
  }),
);
const parametersSchema = z.array(parameterSchema).max(64);

/** Checks in the classic order, with the classic texts. Whether the arguments are there is known at the call only (D10). */
export function parseFunctionAbi(value: unknown): { ok: true; abi: FunctionAbi } | { ok: false; problem: string } {
  if (typeof value !== 'object' || value === null || depthOf(value) > MAX_DEPTH)
    return { ok: false, problem: 'invalid abi' };
  const { type, name, inputs, outputs, stateMutability } = value as Readonly<Record<string, unknown>>;
  const parsedInputs = parametersSchema.safeParse(inputs);
  const parsedOutputs = parametersSchema.safeParse(outputs ?? []);
  if (type !== 'function' || !parsedInputs.success || !parsedOutputs.success)
    return { ok: false, problem: 'invalid abi' };
  if (stateMutability !== 'view' && stateMutability !== 'pure')
    return { ok: false, problem: 'only view or pure functions are allowed' };
  if (typeof name !== 'string' || !/^[A-Za-z_$][\w$]{0,99}$/.test(name)) return { ok: false, problem: 'missing name' };
  return { ok: true, abi: { type, name, inputs: parsedInputs.data, outputs: parsedOutputs.data, stateMutability } };
}

function depthOf(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH * 2) return depth / 2;
  return Math.max(depth / 2, ...Object.values(value).map((entry) => depthOf(entry, depth + 1)));
}
