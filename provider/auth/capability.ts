import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { nowSeconds } from '../../core/clock.ts';
import type { Checked } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import type { Signer } from '../signer.ts';

/** What one bearer token opens: one file, for one job, for a limited time. Worth nothing anywhere else. */
export interface InputGrant {
  readonly chainId: number;
  readonly jobId: string;
  readonly did: string;
  readonly serviceId: string;
  readonly fileIndex: number;
  /** SHA-256 hex of the bytes that were checked; '' when they were not. */
  readonly checksum: string;
  /** Parameters of the consumer for the file's host, exactly as the job was started with them. */
  readonly userdata?: Readonly<Record<string, unknown>> | undefined;
  /** Unix seconds. */
  readonly expiresAt: number;
}

export interface Capabilities {
  issue(grant: InputGrant): Promise<string>;
  verify(capability: string): Promise<Checked<InputGrant>>;
}

const grantSchema = z.object({
  chainId: z.int(),
  jobId: z.string(),
  did: z.string(),
  serviceId: z.string(),
  fileIndex: z.int().min(0),
  checksum: z.string(),
  userdata: z.record(z.string(), z.unknown()).optional(),
  expiresAt: z.int(),
});

const MAX_LENGTH = 16 * 1024;

/** `<base64url JSON>.<base64url HMAC-SHA256>`; the key is derived from the first chain's key. */
export function createCapabilities(signer: Signer, clock: Clock): Capabilities {
  let key: Promise<Uint8Array> | undefined;
  const macOf = async (payload: string): Promise<Buffer> =>
    createHmac('sha256', await (key ??= signer.deriveKey('input capability v1')))
      .update(payload)
      .digest();

  return {
    async issue(grant) {
      const payload = Buffer.from(JSON.stringify(grant)).toString('base64url');
      return `${payload}.${(await macOf(payload)).toString('base64url')}`;
    },
    async verify(capability) {
      const [payload, mac, ...rest] = capability.length > MAX_LENGTH ? [] : capability.split('.');
      if (payload === undefined || mac === undefined || rest.length > 0) return invalid();
      const expected = await macOf(payload);
      const given = Buffer.from(mac, 'base64url');
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return invalid();
      const grant = grantSchema.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
      if (!grant.success) return invalid();
      if (grant.data.expiresAt <= nowSeconds(clock)) {
        return refuse({
          code: 'CAPABILITY_EXPIRED',
          field: 'authorization',
          rule: 'capability.expiry',
          message: 'The capability has expired.',
          classic: 'Capability expired.',
        });
      }
      return passed(grant.data);
    },
  };
}

function invalid(): Checked<never> {
  return refuse({
    code: 'CAPABILITY_INVALID',
    field: 'authorization',
    rule: 'capability.mac',
    message: 'The capability is not one of this Provider.',
    classic: 'Capability invalid.',
  });
}
