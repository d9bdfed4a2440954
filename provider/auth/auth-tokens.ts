import { createHash } from 'node:crypto';
import { nowSeconds } from '../../core/clock.ts';
import type { Clock } from '../../core/clock.ts';
import { sameAddress } from '../../core/protocol/address.ts';
import type { ErrorCode } from '../codes.ts';
import { Refused } from '../refusal.ts';
import type { Signer } from '../signer.ts';
import type { StateDatabase } from '../stores/database.ts';

/** JWT (HS256) that stand for a signature. The key is derived from the chain key, never the chain key itself (A13). */
export interface AuthTokens {
  /** `expiresAt` in Unix seconds. Creating a deleted token again brings it back, as in Provider 2.1.6. */
  create(address: string, expiresAt: number): Promise<string>;
  /** @throws Refused TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_REVOKED */
  verify(token: string, address: string): Promise<void>;
  revoke(token: string, address: string): Promise<void>;
}

export function createAuthTokens(signer: Signer, database: StateDatabase, clock: Clock): AuthTokens {
  let key: Promise<Uint8Array> | undefined;
  const getKey = (): Promise<Uint8Array> => (key ??= signer.deriveKey('auth token v1'));
  const { sql } = database;
  const find = sql.prepare('SELECT 1 FROM revoked_tokens WHERE token_hash = ?');
  const insert = sql.prepare(
    'INSERT INTO revoked_tokens (token_hash, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING',
  );
  const remove = sql.prepare('DELETE FROM revoked_tokens WHERE token_hash = ?');
  const removeExpired = sql.prepare('DELETE FROM revoked_tokens WHERE expires_at < ?');

  async function read(token: string, address: string): Promise<number> {
    const { jwtVerify, errors } = await import('jose');
    try {
      const currentDate = new Date(clock.now());
      const { payload } = await jwtVerify(token, await getKey(), { algorithms: ['HS256'], currentDate });
      if (typeof payload['address'] !== 'string' || !sameAddress(payload['address'], address))
        throw tokenRefusal('TOKEN_INVALID');
      return payload.exp ?? 0;
    } catch (error) {
      if (error instanceof Refused) throw error;
      throw tokenRefusal(error instanceof errors.JWTExpired ? 'TOKEN_EXPIRED' : 'TOKEN_INVALID');
    }
  }

  return {
    async create(address, expiresAt) {
      const { SignJWT } = await import('jose');
      const token = await new SignJWT({ address })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setExpirationTime(expiresAt)
        .sign(await getKey());
      remove.run(hashOf(token));
      return token;
    },
    async verify(token, address) {
      await read(token, address);
      if (find.get(hashOf(token)) !== undefined) throw tokenRefusal('TOKEN_REVOKED');
    },
    async revoke(token, address) {
      const expiresAt = await read(token, address);
      if (find.get(hashOf(token)) !== undefined) throw tokenRefusal('TOKEN_REVOKED');
      removeExpired.run(nowSeconds(clock));
      insert.run(hashOf(token), expiresAt);
    },
  };
}

const TEXTS = {
  TOKEN_INVALID: 'Token is invalid.',
  TOKEN_EXPIRED: 'Token is expired.',
  TOKEN_REVOKED: 'Token is deleted.',
} as const satisfies Partial<Record<ErrorCode, string>>;

function tokenRefusal(code: keyof typeof TEXTS): Refused {
  return new Refused({ code, field: 'AuthToken', rule: 'auth.token', message: TEXTS[code], classic: TEXTS[code] });
}

/**
 * The state file holds no token that would open anything. Of what was signed alone: one signature can be written in several
 * ways, since its last character has bits to spare.
 */
function hashOf(token: string): string {
  return createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest('hex');
}
