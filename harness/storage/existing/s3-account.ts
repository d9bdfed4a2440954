import type { Client } from 'minio';
import type { Net } from '../../../core/net.ts';

export interface S3Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Somebody's account with an S3 anywhere. */
export interface S3Account extends S3Keys {
  /** http(s)://host[:port], path-style. */
  readonly endpoint: string;
  readonly region: string;
}

/** The client loads in a quarter of a second: only where it is needed. */
export async function connectAccount(account: S3Account, net: Net): Promise<Client> {
  const minio = await import('minio');
  const url = new URL(account.endpoint);
  const isTls = url.protocol === 'https:';
  return new minio.Client({
    endPoint: url.hostname,
    port: Number(url.port || (isTls ? 443 : 80)),
    useSSL: isTls,
    accessKey: account.accessKey,
    secretKey: account.secretKey,
    region: account.region,
    pathStyle: true,
    transportAgent: isTls ? net.httpsAgent : net.httpAgent,
  });
}

/** S3's own code of a refusal, or the message where there is none (nobody answers, a certificate is not trusted …). */
export function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return typeof code === 'string' && code !== '' ? code : String(message ?? error);
}
