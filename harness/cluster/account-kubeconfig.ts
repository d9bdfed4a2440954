import { stringify } from 'yaml';
import type { ObjectRef } from '../../engine/kubernetes/client.ts';
import { loadKubeconfig } from '../../engine/kubernetes/kubeconfig.ts';

/** A kubeconfig (YAML) for a service account in the cluster of the given file's current context, with nothing else of that file in it. */
export async function accountKubeconfig(
  kubeconfigPath: string,
  account: ObjectRef,
  user: { readonly token: string } | { readonly tokenFile: string },
): Promise<string> {
  const { server, tls } = await loadKubeconfig(kubeconfigPath);
  const cluster = {
    server,
    ...(tls.ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(tls.ca).toString('base64') }),
    ...(tls.rejectUnauthorized === false ? { 'insecure-skip-tls-verify': true } : {}),
    ...(tls.servername === undefined ? {} : { 'tls-server-name': tls.servername }),
  };
  const { name, namespace } = account;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name: 'cluster', cluster }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: 'cluster', user: name, namespace } }],
  });
}
