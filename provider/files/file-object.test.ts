import { describe, expect, test } from 'vitest';
import { parseFileObject } from './file-object.ts';

const ADDRESS = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
const VIEW = { type: 'function', name: 'f', inputs: [], outputs: [{ type: 'uint256' }], stateMutability: 'view' };
const contract = (changes: object, abi: object = {}): object => ({
  type: 'smartcontract',
  address: ADDRESS,
  chainId: 8996,
  abi: { ...VIEW, ...abi },
  ...changes,
});
const nested = (depth: number): object =>
  depth === 0 ? { name: 'x', type: 'uint8' } : { name: 'x', type: 'tuple', components: [nested(depth - 1)] };

describe('file objects', () => {
  test.each([
    [{ type: 'url', url: 'https://a.example/x' }],
    [{ url: 'https://a.example/x', method: 'post' }],
    [{ type: 'ipfs', hash: 'QmQfpdcMWnLTXKKW9GPV7NgtEugghgD6HgzSF6gSrp2mL9' }],
    [{ type: 'ipfs', hash: 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi/rows.v1.csv' }],
    [{ type: 'arweave', transactionId: 'a4qJoQZa1poIv5guEzkfgZYSAD0uYm7Vw4zm_tCswVQ' }],
    [{ type: 'graphql', url: 'https://a.example/graphql', query: '{ a }', headers: { 'X-Key': 'k' } }],
    [contract({})],
    [contract({ chainId: '8996' }, { stateMutability: 'pure' })],
  ])('%j is one', (value) => {
    expect(parseFileObject(value)).toMatchObject({ ok: true });
  });

  test.each([
    ['text', 'malformed file object.'],
    [null, 'malformed file object.'],
    [{ type: 'url' }, 'malformed service files, missing required keys.'],
    [{ type: 'url', url: 'ftp://a.example/x' }, 'malformed service files, missing required keys.'],
    [{ type: 'url', url: 'file:///etc/passwd' }, 'malformed service files, missing required keys.'],
    [{ type: 'url', url: 'https://a.example/x', method: 'DELETE' }, 'Unsafe method DELETE.'],
    [{ type: 'url', url: 'https://a.example/x', method: ['GET'] }, 'Unsafe method OBJECT.'],
    [{ type: 'url', url: 'https://a.example/x', headers: { a: 'b\r\nc: d' } }, 'malformed file object.'],
    [{ type: 'ipfs' }, 'malformed service files, missing required keys.'],
    [{ type: 'arweave' }, 'malformed service files, missing transactionId.'],
    [{ type: 'graphql', query: '{ a }' }, 'missing graphql endpoint'],
    [{ type: 'graphql', url: 'gopher://a/x', query: '{ a }' }, 'missing graphql endpoint'],
    [{ type: 'graphql', url: 'https://a.example/graphql' }, 'missing graphql query'],
    [contract({ address: '0x12' }), 'malformed smartcontract type, missing contract address'],
    [contract({ chainId: 'one' }), 'malformed smartcontract type, missing chainId'],
    [contract({ abi: null }), 'invalid abi'],
    [contract({}, { type: 'event' }), 'invalid abi'],
    [contract({}, { inputs: undefined }), 'invalid abi'],
    [contract({}, { inputs: [{ name: 'a', type: 'mapping(uint => uint)' }] }), 'invalid abi'],
    [contract({}, { inputs: [nested(40)] }), 'invalid abi'],
    [contract({}, { stateMutability: 'nonpayable' }), 'only view or pure functions are allowed'],
    [contract({}, { name: '' }), 'missing name'],
  ])('%j: %s', (value, classic) => {
    expect(parseFileObject(value)).toMatchObject({ ok: false, reason: { code: 'FILE_OBJECT_INVALID', classic } });
  });

  test('of a type that nobody knows have a code of their own', () => {
    expect(parseFileObject({ type: 's3' })).toMatchObject({
      ok: false,
      reason: { code: 'FILE_TYPE_UNSUPPORTED', classic: 'Unsupported type s3' },
    });
  });

  // The classic Provider joins gateway and hash as URLs: a hash with a scheme of its own then names any address.
  test.each([
    'http://169.254.169.254/latest',
    '//internal/x',
    'Qm/../../admin',
    '../admin',
    'Qm/..',
    'Qm?x=1',
    'Qm#x',
    'Qm/%2e%2e/x',
    '/etc',
    'Q m',
    '',
  ])('D1: %j is no place behind a gateway', (hash) => {
    expect(parseFileObject({ type: 'ipfs', hash }).ok).toBe(false);
    expect(parseFileObject({ type: 'arweave', transactionId: hash }).ok).toBe(false);
  });

  test('headers that decide where a request goes are dropped', () => {
    const headers = { Host: 'internal', 'X-Key': 'k', Range: 'bytes=0-1', 'Content-Length': '5' };
    for (const file of [
      { type: 'url', url: 'https://a.example/x' },
      { type: 'ipfs', hash: 'Qm' },
      { type: 'arweave', transactionId: 'tx' },
      { type: 'graphql', url: 'https://a.example/g', query: '{ a }' },
    ]) {
      const parsed = parseFileObject({ ...file, headers });
      expect(parsed.ok && 'headers' in parsed.value && parsed.value.headers).toEqual({ 'X-Key': 'k' });
    }
  });
});
