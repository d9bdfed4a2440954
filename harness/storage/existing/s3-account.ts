import { WavetankError } from '../../../core/errors.ts';

export interface S3Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Somebody's account with an S3 anywhere. */
export interface S3Account extends S3Keys {
  /** http(s)://host[:port]. */
  readonly endpoint: string;
  readonly region: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The keys that AWS's own tools read; undefined where one of them is missing. */
export function s3KeysFrom(env: Environment): S3Keys | undefined {
  const { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey } = env;
  return accessKey && secretKey ? { accessKey, secretKey } : undefined;
}

/** @throws WavetankError S3_KEYS_MISSING (usage) */
export function requireS3Keys(keys: S3Keys | undefined, endpoint: string): S3Keys {
  if (keys) return keys;
  throw new WavetankError('S3_KEYS_MISSING', `There are no keys for ${endpoint}.`, {
    category: 'usage',
    hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  });
}

/** Certainly nothing came of it: S3 itself said no, or nobody heard it. */
export function isPlainRefusal(reason: string): boolean {
  return /^(ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|[A-Z][a-z]+\w*)$/.test(reason);
}

/** S3's own code of a refusal, or the message where there is none: nobody answers, a certificate is not trusted … */
export function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return typeof code === 'string' && code !== '' ? code : String(message ?? error);
}
