import type { KeyObject } from 'node:crypto';
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../../core/clock.ts';
import { nowSeconds } from '../../../../core/clock.ts';
import type { Entropy } from '../../../../core/entropy.ts';
import { randomUuid } from '../../../../core/entropy.ts';
import type { UserInfo } from '../api-core.ts';
import { isObject, stringAt, valueAt } from '../json.ts';
import type { KubeObject } from '../kube-object.ts';
import type { Store } from '../store/store.ts';

export const API_AUDIENCE = 'https://kubernetes.default.svc.cluster.local';

export interface BoundObject {
  readonly kind: 'Pod' | 'Secret' | 'Node';
  readonly name: string;
  readonly uid: string;
}

/**
 * Tokens of service accounts: JWTs with the claims of the real ones, valid while the account (and the pod they are bound to) exists.
 * Differs from kube-apiserver: signed with HMAC instead of RSA, because nobody but this server verifies them.
 */
export class ServiceAccountTokens {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #key: KeyObject;

  constructor(store: Store, clock: Clock, entropy: Entropy) {
    this.#store = store;
    this.#clock = clock;
    this.#entropy = entropy;
    this.#key = createSecretKey(entropy.bytes(32));
  }

  issue(
    account: KubeObject,
    seconds: number,
    audiences: readonly string[],
    bound?: BoundObject,
  ): { token: string; expirationSeconds: number } {
    const now = nowSeconds(this.#clock);
    const { namespace, name, uid } = account.metadata;
    const kubernetes = {
      namespace,
      serviceaccount: { name, uid },
      ...(bound ? { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } } : {}),
    };
    const claims = {
      aud: audiences.length > 0 ? audiences : [API_AUDIENCE],
      exp: now + seconds,
      iat: now,
      nbf: now,
      iss: API_AUDIENCE,
      jti: randomUuid(this.#entropy),
      'kubernetes.io': kubernetes,
      sub: `system:serviceaccount:${namespace}:${name}`,
    };
    const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    return { token: `${content}.${this.#sign(content)}`, expirationSeconds: claims.exp };
  }

  /** @returns undefined for a token that is forged, expired, for others, or whose account or pod is gone. */
  authenticate(token: string, audiences: readonly string[] = [API_AUDIENCE]): UserInfo | undefined {
    const dot = token.lastIndexOf('.');
    const content = token.slice(0, Math.max(0, dot));
    const expected = Buffer.from(this.#sign(content));
    const given = Buffer.from(token.slice(dot + 1));
    if (dot < 0 || expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
    const claims: unknown = JSON.parse(Buffer.from(content.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const expiry = valueAt(claims, 'exp');
    if (typeof expiry !== 'number' || expiry <= nowSeconds(this.#clock)) return undefined;
    const audience = valueAt(claims, 'aud');
    if (!Array.isArray(audience) || !audience.some((item) => audiences.includes(String(item)))) return undefined;
    return this.#userOf(claims);
  }

  #userOf(claims: unknown): UserInfo | undefined {
    const bound = valueAt(claims, 'kubernetes.io');
    const namespace = stringAt(bound, 'namespace') ?? '';
    const name = stringAt(bound, 'serviceaccount', 'name') ?? '';
    const uid = stringAt(bound, 'serviceaccount', 'uid') ?? '';
    if (this.#store.get('/serviceaccounts', namespace, name)?.metadata.uid !== uid) return undefined;
    for (const [kind, resource] of [
      ['pod', '/pods'],
      ['secret', '/secrets'],
      ['node', '/nodes'],
    ] as const) {
      const reference = valueAt(bound, kind);
      if (
        isObject(reference) &&
        this.#store.get(resource, kind === 'node' ? undefined : namespace, String(reference['name']))?.metadata.uid !==
          reference['uid']
      )
        return undefined;
    }
    return {
      username: `system:serviceaccount:${namespace}:${name}`,
      uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    };
  }

  #sign(content: string): string {
    return createHmac('sha256', this.#key).update(content).digest('base64url');
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
