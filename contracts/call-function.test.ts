import type { JsonFragment, JsonRpcProvider } from 'ethers';
import { Interface } from 'ethers';
import { describe, expect, test } from 'vitest';
import { callFunction } from './call-function.ts';

const CONTRACT = '0x5FbDB2315678afecb367f032d93F642f64180aa3';

interface Given {
  readonly inputs?: readonly object[];
  readonly outputs?: readonly object[];
  readonly answers?: readonly unknown[];
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** A node that answers what the ABI says, and remembers the arguments. */
async function call({ inputs = [], outputs = [], answers = [], parameters = {} }: Given) {
  const abi = { type: 'function', name: 'f', inputs, outputs, stateMutability: 'view' };
  const face = new Interface([abi as JsonFragment]);
  const asked: unknown[] = [];
  const node = {
    call: ({ data }: { data: string }) => {
      asked.push(...(face.decodeFunctionData('f', data).toArray(true) as unknown[]));
      return Promise.resolve(face.encodeFunctionResult('f', answers));
    },
  } as unknown as JsonRpcProvider;
  return { text: await callFunction(node, { address: CONTRACT.toLowerCase(), abi, parameters }), asked };
}

describe('what a contract answers', () => {
  const type = (...types: readonly string[]) => types.map((each) => ({ name: '', type: each }));

  // As Python's json.dumps writes them, whose bytes the classic Provider hands out.
  test.each([
    ['one value bare', type('uint256'), [5n], '5'],
    ['integers with every digit', type('int256'), [-(2n ** 255n)], `-${2n ** 255n}`],
    ['several as a list', type('uint8', 'bool', 'bool'), [1n, true, false], '[1, true, false]'],
    ['none as an empty list', [], [], '[]'],
    ['an address with its checksum', type('address'), [CONTRACT.toLowerCase()], `"${CONTRACT}"`],
    ['text beyond ASCII escaped', type('string'), ['ä"\n€😀'], '"\\u00e4\\"\\n\\u20ac\\ud83d\\ude00"'],
    ['bytes as hex', type('bytes4'), ['0x01020304'], '"0x01020304"'],
    [
      'lists of lists',
      type('uint8[2][]'),
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      '[[1, 2], [3, 4]]',
    ],
    [
      'structs as lists',
      [
        {
          name: '',
          type: 'tuple',
          components: [
            { name: 'a', type: 'uint8' },
            { name: 'b', type: 'string' },
          ],
        },
      ],
      [[7, 'x']],
      '[7, "x"]',
    ],
  ])('%s', async (_name, outputs, answers, expected) => {
    expect((await call({ outputs, answers })).text).toBe(expected);
  });
});

describe('what a contract is asked', () => {
  const inputs = [
    { name: 'who', type: 'address' },
    { name: 'amount', type: 'uint256' },
    { name: 'flag', type: 'bool' },
    { name: 'list', type: 'int8[]' },
    { name: 'note', type: 'string' },
  ];
  const good = { who: CONTRACT, amount: '12', flag: 'false', list: [1, '-2'], note: '' };

  test('the parameters by their names, in the order of the ABI, however they are spelled', async () => {
    const { asked } = await call({ inputs, parameters: { ...good, who: CONTRACT.toLowerCase(), other: 'ignored' } });
    expect(asked).toEqual([CONTRACT, 12n, false, [1n, -2n], '']);
  });

  test.each([
    ['who', undefined],
    ['amount', null],
    ['amount', ''],
  ])('D10: without %s (%j) nothing is asked', async (name, value) => {
    await expect(call({ inputs, parameters: { ...good, [name]: value } })).rejects.toMatchObject({
      code: 'CONTRACT_PARAMETER_MISSING',
      details: { name },
    });
  });

  test.each([
    ['who', 'vitalik.eth'],
    ['who', 5],
    ['amount', -1],
    ['amount', 1.5],
    ['amount', 2 ** 60],
    ['amount', '1e3'],
    ['flag', 'maybe'],
    ['flag', 1],
    ['list', 'text'],
    ['list', [400]],
    ['note', { a: 1 }],
  ])('%s: %j is refused, and the value is not repeated', async (name, value) => {
    const failure: unknown = await call({ inputs, parameters: { ...good, [name]: value } }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'CONTRACT_PARAMETER_INVALID' });
  });

  test('a prototype lends no parameter', async () => {
    const name = 'toString';
    await expect(call({ inputs: [{ name, type: 'string' }] })).rejects.toMatchObject({
      code: 'CONTRACT_PARAMETER_MISSING',
    });
  });

  test('an address without such a contract answers nothing', async () => {
    const abi = {
      type: 'function',
      name: 'f',
      inputs: [],
      outputs: [{ name: '', type: 'uint256' }],
      stateMutability: 'view',
    };
    const empty = { call: () => Promise.resolve('0x') } as unknown as JsonRpcProvider;
    await expect(callFunction(empty, { address: CONTRACT, abi, parameters: {} })).rejects.toMatchObject({
      code: 'CONTRACT_CALL_FAILED',
    });
    const odd = { ...abi, outputs: [{ name: '', type: 'uint300' }] };
    await expect(callFunction(empty, { address: CONTRACT, abi: odd, parameters: {} })).rejects.toMatchObject({
      code: 'CONTRACT_ABI_INVALID',
    });
  });
});
