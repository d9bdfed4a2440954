import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import { WavetankError } from '../../../core/errors.ts';
import type { Net } from '../../../core/net.ts';
import type { NewUser } from '../access-policy.ts';
import type { Signer } from '../signed-request.ts';
import { signRequest } from '../signed-request.ts';
import { sealForAdmin } from './admin-crypt.ts';
import { iamPolicy } from './iam-policy.ts';

export interface AdminApiOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly net: Net;
  /** The admin's. */
  readonly signer: Signer;
}

const BASE = '/minio/admin/v3';

/** The part of MinIO's admin API that makes users with policies of their own. Its image need not hold the `mc` program. */
export class MinioAdminApi {
  readonly #options: AdminApiOptions;

  constructor(options: AdminApiOptions) {
    this.#options = options;
  }

  /** @throws WavetankError S3_USER_INVALID, S3_USER_EXISTS (usage), MINIO_ADMIN_FAILED */
  async createUser({ accessKey, secretKey, policy }: NewUser): Promise<void> {
    if (!/^[\w.-]{3,128}$/.test(accessKey) || secretKey.length < 8) {
      throw new WavetankError(
        'S3_USER_INVALID',
        'An S3 user needs an access key of 3 to 128 characters and a secret of at least 8.',
        { category: 'usage', details: { accessKey } },
      );
    }
    const name = encodeURIComponent(accessKey);
    const known = await this.#send('GET', `/user-info?accessKey=${name}`);
    if (known.status === 200) {
      throw new WavetankError('S3_USER_EXISTS', `The S3 user ${accessKey} exists already.`, { category: 'usage' });
    }
    // The policy first: at no moment is there a user with another one.
    await this.#put(`/add-canned-policy?name=${name}`, JSON.stringify(iamPolicy(policy)));
    const { entropy, signer } = this.#options;
    const user = JSON.stringify({ secretKey, status: 'enabled' });
    await this.#put(`/add-user?accessKey=${name}`, sealForAdmin(signer.secretKey, user, entropy));
    await this.#put(`/set-user-or-group-policy?isGroup=false&policyName=${name}&userOrGroup=${name}`, '');
  }

  async #put(call: string, body: Buffer | string): Promise<void> {
    const { status, text } = await this.#send('PUT', call, body);
    if (status === 200) return;
    throw new WavetankError('MINIO_ADMIN_FAILED', `MinIO did not do ${call.split('?', 1)[0] ?? ''}: ${status}.`, {
      details: { status, code: /"Code":"(\w+)"/.exec(text)?.[1] ?? '' },
    });
  }

  async #send(method: string, call: string, body: Buffer | string = ''): Promise<{ status: number; text: string }> {
    const { net, signer, clock } = this.#options;
    const path = `${BASE}${call}`;
    const { headers } = signRequest(signer, { method, path, body, nowMs: clock.now() });
    const answer = await net.fetch(`${signer.endpoint}${path}`, {
      method,
      headers,
      ...(method === 'GET' ? {} : { body: Buffer.from(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  }
}
