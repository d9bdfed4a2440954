import type { IncomingMessage } from 'node:http';
import type { Entropy } from '../../../../core/entropy.ts';
import { randomHex } from '../../../../core/entropy.ts';
import type { UserInfo } from '../api-core.ts';
import { unauthorized } from '../kube-status.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

const ANONYMOUS: UserInfo = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Who is it? Bearer tokens of users that this server was told of, and of service accounts. */
export class Authenticator {
  readonly #users = new Map<string, UserInfo>();
  readonly #entropy: Entropy;
  readonly #serviceAccounts: ServiceAccountTokens;

  constructor(entropy: Entropy, serviceAccounts: ServiceAccountTokens) {
    this.#entropy = entropy;
    this.#serviceAccounts = serviceAccounts;
  }

  /** @returns a token that stands for this user as long as the server runs. */
  addUser(username: string, groups: readonly string[]): string {
    const token = randomHex(this.#entropy, 24);
    this.#users.set(token, { username, groups: [...groups, 'system:authenticated'] });
    return token;
  }

  /** Without credentials: anonymous, who may ask for little. @throws KubeStatusError 401 for credentials that are none. */
  authenticate(request: IncomingMessage): UserInfo {
    const header = request.headers.authorization;
    if (header === undefined || header === '') return ANONYMOUS;
    const token = /^Bearer\s+(\S+)$/i.exec(header)?.[1];
    const user = token === undefined ? undefined : this.byToken(token);
    if (user === undefined) throw unauthorized();
    return user;
  }

  byToken(token: string, audiences?: readonly string[]): UserInfo | undefined {
    const user = audiences === undefined ? this.#users.get(token) : undefined;
    return user ?? this.#serviceAccounts.authenticate(token, audiences);
  }
}
