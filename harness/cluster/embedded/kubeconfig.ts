import { stringify } from 'yaml';

export interface KubeconfigFacts {
  readonly url: string;
  readonly caPem: string;
  readonly username: string;
  readonly token: string;
  readonly namespace: string | undefined;
}

/** The file that kubectl and every client library read. It holds a token: mode 0600 for whoever writes it down. */
export function kubeconfigFor({ url, caPem, username, token, namespace }: KubeconfigFacts): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'wavetank',
        cluster: { server: url, 'certificate-authority-data': Buffer.from(caPem).toString('base64') },
      },
    ],
    users: [{ name: username, user: { token } }],
    contexts: [
      {
        name: 'wavetank',
        context: { cluster: 'wavetank', user: username, ...(namespace === undefined ? {} : { namespace }) },
      },
    ],
    'current-context': 'wavetank',
  });
}
