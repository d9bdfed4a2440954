import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../core/virtual-clock.ts';
import { addressOfPrivateKey, signMessage } from '../../core/protocol/signing.ts';
import { createLocalSigner } from '../signer.ts';
import { openStateDatabase } from '../stores/database.ts';
import { createNonceStore } from '../stores/nonce-store.ts';
import { PROVIDER_KEY, STRANGER_KEY, USER_KEY, chainOf } from '../testing/assets.ts';
import { chainsOf } from '../chain/chains.ts';
import { createAuthTokens } from './auth-tokens.ts';
import { createAuthenticator } from './authenticator.ts';
import { createContractSignatures } from './contract-signatures.ts';

const user = addressOfPrivateKey(USER_KEY);
const NOW = 1_700_000_000;

/** What the contract at the address says on each chain; undefined where there is none. */
type Contracts = readonly (boolean | undefined)[];

function setup(contracts: Contracts = [undefined]) {
  const clock = new VirtualClock(NOW * 1000);
  const database = openStateDatabase(':memory:');
  const tokens = createAuthTokens(createLocalSigner(PROVIDER_KEY), database, clock);
  const nonces = createNonceStore(database);
  const asked: string[] = [];
  const chains = chainsOf(
    contracts.map((answer, i) =>
      chainOf(
        {
          isContractSignature: (address, _digest, signature) => {
            asked.push(`${i} ${address} ${signature}`);
            return Promise.resolve(answer);
          },
        },
        { chainId: 8996 + i },
      ),
    ),
  );
  return { clock, tokens, nonces, auth: createAuthenticator(nonces, tokens, createContractSignatures(chains)), asked };
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'ok',
    (error: { code?: string }) => error.code,
  );

describe('a signed request', () => {
  const signature = signMessage('text7', USER_KEY);
  test.each([
    ['signed by the address', { signature }, 'ok'],
    ['address in lower case', { signature, address: user.toLowerCase() }, 'ok'],
    ['signature without 0x', { signature: signature.slice(2) }, 'ok'],
    ['signed by somebody else', { signature: signMessage('text7', STRANGER_KEY) }, 'SIGNATURE_INVALID'],
    ['signed over another text', { signature: signMessage('text8', USER_KEY) }, 'SIGNATURE_INVALID'],
    ['no signature at all', {}, 'SIGNATURE_MISSING'],
    ['no hex', { signature: 'zz' }, 'SIGNATURE_INVALID'],
    ['a nonce that is no number', { signature, nonce: 'x' }, 'NONCE_INVALID'],
    ['a nonce of nanoseconds', { signature, nonce: '1900000000000000000' }, 'NONCE_TOO_LARGE'],
  ])('%s', async (_name, changed, code) => {
    const { auth } = setup();
    expect(await codeOf(auth.authenticate({ address: user, nonce: '7', ...changed }, ['text7']))).toBe(code);
  });

  test('a forged signature leaves the nonce alone; a good one takes it', async () => {
    const { auth, nonces } = setup();
    await codeOf(
      auth.authenticate({ address: user, nonce: '7', signature: signMessage('text7', STRANGER_KEY) }, ['text7']),
    );
    expect(nonces.last(user)).toBeUndefined();
    await auth.authenticate({ address: user, nonce: '7', signature }, ['text7']);
    expect(nonces.last(user)).toBe('7');
    expect(await codeOf(auth.authenticate({ address: user, nonce: '7', signature }, ['text7']))).toBe(
      'NONCE_NOT_GREATER',
    );
  });

  test('A10: an AuthToken is no way around the nonce, and its refusal is a proper answer', async () => {
    const { auth, tokens } = setup();
    const authToken = await tokens.create(user, NOW + 60);
    expect(await codeOf(auth.authenticate({ address: user, nonce: '7', authToken }, ['text7']))).toBe('ok');
    expect(await codeOf(auth.authenticate({ address: user, nonce: '7', authToken }, ['text7']))).toBe(
      'NONCE_NOT_GREATER',
    );
  });
});

describe('a consumer that is a contract', () => {
  const signature = signMessage('text7', STRANGER_KEY);
  test.each<[string, Contracts, string]>([
    ['there is none', [undefined], 'SIGNATURE_INVALID'],
    ['it stands by the signature', [true], 'ok'],
    ['it does not', [false], 'SIGNATURE_INVALID'],
    ['it exists on one of two chains and agrees', [undefined, true], 'ok'],
    ['on another chain the same address is a contract that does not agree', [true, false], 'SIGNATURE_INVALID'],
  ])('%s', async (_name, contracts, code) => {
    const { auth, nonces } = setup(contracts);
    expect(await codeOf(auth.authenticate({ address: user, nonce: '7', signature }, ['text7']))).toBe(code);
    expect(nonces.last(user)).toBe(code === 'ok' ? '7' : undefined);
  });

  test.each([
    ["a key's own signature", signMessage('text7', USER_KEY), 0],
    ['no hex', 'zz', 0],
    ['half a byte', '0x123', 0],
    ['nothing', '0x', 0],
    ['as long as may be', `0x${'ab'.repeat(4096)}`, 1],
    ['longer', `0x${'ab'.repeat(4097)}`, 0],
  ])('the chain is asked only about what can be a contract: %s', async (_name, given, questions) => {
    const { auth, asked } = setup([false]);
    await auth.isSigned({ address: user, signature: given }, ['text7']);
    expect(asked).toHaveLength(questions);
  });
});

/** 43 characters hold 32 bytes and two bits more. */
function changedTail(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet.charAt(alphabet.indexOf(token.slice(-1)) + 1);
}

describe('AuthTokens', () => {
  test('open for their address only, until they expire or are deleted', async () => {
    const { tokens, clock } = setup();
    const token = await tokens.create(user, NOW + 60);
    expect(await codeOf(tokens.verify(token, user.toLowerCase()))).toBe('ok');
    expect(await codeOf(tokens.verify(token, addressOfPrivateKey(STRANGER_KEY)))).toBe('TOKEN_INVALID');
    expect(await codeOf(tokens.verify(`${token}x`, user))).toBe('TOKEN_INVALID');
    await tokens.revoke(token, user);
    expect(await codeOf(tokens.verify(token, user))).toBe('TOKEN_REVOKED');
    await tokens.create(user, NOW + 60);
    expect(await codeOf(tokens.verify(token, user))).toBe('ok');
    clock.advance(61_000);
    expect(await codeOf(tokens.verify(token, user))).toBe('TOKEN_EXPIRED');
  });

  test.each([
    ['with the bits of its last character that carry nothing', changedTail],
    ['with padding', (token: string) => `${token}=`],
  ])('a deleted one stays deleted %s', async (_name, respell) => {
    const { tokens } = setup();
    const token = await tokens.create(user, NOW + 60);
    expect(await codeOf(tokens.verify(respell(token), user))).toBe('ok');
    await tokens.revoke(token, user);
    expect(await codeOf(tokens.verify(respell(token), user))).toBe('TOKEN_REVOKED');
    expect(await codeOf(tokens.revoke(respell(token), user))).toBe('TOKEN_REVOKED');
  });

  test('A13: the secret is not the chain key', async () => {
    const { jwtVerify } = await import('jose');
    const { tokens } = setup();
    const token = await tokens.create(user, NOW + 60);
    for (const secret of [PROVIDER_KEY, PROVIDER_KEY.slice(2)]) {
      await expect(jwtVerify(token, new TextEncoder().encode(secret))).rejects.toThrow('signature verification failed');
      await expect(jwtVerify(token, new Uint8Array(Buffer.from(secret.replace('0x', ''), 'hex')))).rejects.toThrow(
        'signature verification failed',
      );
    }
  });
});
