import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { parse } from 'yaml';

import { WavetankError } from '../../core/errors.ts';

/** One request to the real API server, answered with its code and parsed body. */
export interface ApiAnswer {
  readonly code: number;
  readonly body: Record<string, unknown>;
}

export interface ApiClient {
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  /** Watches a collection from a version on until the named object is deleted, for a minute at most. */
  untilDeleted(collection: string, name: string, resourceVersion: string): Promise<void>;
  close(): Promise<void>;
}

const WATCH_SECONDS = 60;

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data'?: string } }[];
  users: { user: { 'client-certificate-data'?: string; 'client-key-data'?: string; token?: string } }[];
}

/** Talks to the first cluster of a kubeconfig file with its first user: client certificate or token, given inline. */
export async function connectToApi(kubeconfigPath: string): Promise<ApiClient> {
  const config = parse(await readFile(kubeconfigPath, 'utf8')) as Kubeconfig;
  const cluster = config.clusters[0]?.cluster;
  const user = config.users[0]?.user;
  if (!cluster || !user) {
    throw new WavetankError('KUBECONFIG_INVALID', `${kubeconfigPath} names no cluster and user`, { category: 'usage' });
  }
  const dispatcher = new Agent({ connect: tlsOptions(cluster, user), connections: 8 });
  const authorization: Record<string, string> =
    user.token === undefined ? {} : { authorization: `Bearer ${user.token}` };
  return {
    async untilDeleted(collection, name, resourceVersion) {
      const query = new URLSearchParams({
        watch: 'true',
        fieldSelector: `metadata.name=${name}`,
        resourceVersion,
        timeoutSeconds: String(WATCH_SECONDS),
      });
      const url = new URL(`${collection}?${query.toString()}`, cluster.server);
      const answer = await request(url, { dispatcher, headers: authorization });
      let seen = '';
      for await (const chunk of answer.body.setEncoding('utf8')) {
        seen += String(chunk);
        if (seen.includes('"type":"DELETED"')) return;
      }
      throw new WavetankError('WAIT_TIMEOUT', `${name} was not deleted within ${WATCH_SECONDS} s`, {
        category: 'environment',
      });
    },
    async send(method, path, body, headers) {
      const answer = await request(new URL(path, cluster.server), {
        method: method as 'GET',
        dispatcher,
        headers: {
          'content-type': 'application/json',
          ...authorization,
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      return { code: answer.statusCode, body: (await answer.body.json()) as Record<string, unknown> };
    },
    close: () => dispatcher.close(),
  };
}

function tlsOptions(
  cluster: Kubeconfig['clusters'][number]['cluster'],
  user: Kubeconfig['users'][number]['user'],
): Record<string, Buffer> {
  const options: Record<string, Buffer> = {};
  const inline = {
    ca: cluster['certificate-authority-data'],
    cert: user['client-certificate-data'],
    key: user['client-key-data'],
  };
  for (const [name, value] of Object.entries(inline)) {
    if (value !== undefined) options[name] = Buffer.from(value, 'base64');
  }
  return options;
}

/** Reads a document that must be there. */
export async function getDocument(api: ApiClient, path: string, accept?: string): Promise<Record<string, unknown>> {
  const answer = await api.send('GET', path, undefined, accept === undefined ? {} : { accept });
  if (answer.code !== 200) {
    throw new WavetankError('API_READ_FAILED', `GET ${path} answered ${answer.code}`, { category: 'environment' });
  }
  return answer.body;
}
