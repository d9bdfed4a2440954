import type { Client } from 'minio';
import type { Net } from '../../core/net.ts';
import type { RunningObjectStorage } from './object-storage.ts';

/** A client with the administrator's keys, over the harness's own connections. */
export async function adminClient(
  {
    endpoint,
    accessKey,
    secretKey,
    region,
  }: Pick<RunningObjectStorage, 'endpoint' | 'accessKey' | 'secretKey' | 'region'>,
  net: Net,
): Promise<Client> {
  const minio = await import('minio');
  const { hostname, port, protocol } = new URL(endpoint);
  const useSSL = protocol === 'https:';
  return new minio.Client({
    endPoint: hostname,
    port: port === '' ? (useSSL ? 443 : 80) : Number(port),
    useSSL,
    accessKey,
    secretKey,
    region,
    pathStyle: true,
    transportAgent: useSSL ? net.httpsAgent : net.httpAgent,
  });
}
