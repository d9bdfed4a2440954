import { expect, test } from 'vitest';
import { validateDdo } from './ddo.ts';

const LISTS = { allow: [{ type: 'address', values: ['0x5FbDB2315678afecb367f032d93F642f64180aa3'] }] };

function ddoWith(credentials: unknown): unknown {
  const service = {
    id: 'svc-1',
    type: 'access',
    files: '0x00',
    datatokenAddress: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
    serviceEndpoint: 'http://127.0.0.1:8030',
    timeout: 0,
    credentials,
  };
  return {
    id: `did:op:${'0'.repeat(64)}`,
    version: '4.1.0',
    chainId: 8996,
    nftAddress: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
    metadata: {
      created: '2026-01-01T00:00:00Z',
      updated: '2026-01-01T00:00:00Z',
      name: 'n',
      description: 'd',
      type: 'dataset',
      author: 'a',
      license: 'MIT',
    },
    services: [service],
    credentials,
  };
}

test.each([
  ['lists', LISTS],
  ['their JSON text', JSON.stringify(LISTS)],
])('credentials may be %s', (_form, credentials) => {
  expect(validateDdo(ddoWith(credentials))).toMatchObject({
    ok: true,
    ddo: { credentials: LISTS, services: [{ credentials: LISTS }] },
  });
});

test.each([undefined, null])('credentials may be absent: %j', (credentials) => {
  expect(validateDdo(ddoWith(credentials))).toMatchObject({ ok: true });
});

test.each(['', 'no json', '[]', '5', 'null', '{"allow":"0x12"}', 5, []])(
  'a document with %j for credentials is none: what nobody can read must not stand open',
  (credentials) => {
    expect(validateDdo(ddoWith(credentials))).toMatchObject({ ok: false });
  },
);
