const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * How a pod reaches the cluster that it runs in, as a kubeconfig: the address that Kubernetes puts into every container, and the account's own
 * token, read anew for every request since the kubelet replaces it. No name is asked for, so the operator works where and while DNS does not.
 * Undefined outside a cluster.
 */
export function inClusterKubeconfig(
  variables: Readonly<Record<string, string | undefined>>,
  folder = ACCOUNT_FOLDER,
): string | undefined {
  const host = variables['KUBERNETES_SERVICE_HOST'];
  const port = variables['KUBERNETES_SERVICE_PORT'];
  if (!host || !port) return undefined;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'cluster',
    clusters: [{ name: 'cluster', cluster: { server, 'certificate-authority': `${folder}/ca.crt` } }],
    users: [{ name: 'account', user: { tokenFile: `${folder}/token` } }],
    contexts: [{ name: 'cluster', context: { cluster: 'cluster', user: 'account' } }],
  });
}
