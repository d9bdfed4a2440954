import type { KubeClient, ObjectRef } from '../../engine/kubernetes/client.ts';
import type { KubeObject, Resource } from '../../engine/kubernetes/objects.ts';

/** Longer than any testbed is up; the server may give less. */
const LIFETIME_SECONDS = 86_400;

interface TokenRequest extends KubeObject {
  readonly spec: { readonly expirationSeconds: number };
  readonly status?: { readonly token: string };
}

/** A bound token for a service account that exists. @throws KubeError */
export async function serviceAccountToken(client: KubeClient, { name, namespace }: ObjectRef): Promise<string> {
  const resource: Resource = {
    group: '',
    version: 'v1',
    resource: `serviceaccounts/${name}/token`,
    kind: 'TokenRequest',
  };
  const request: TokenRequest = {
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: { expirationSeconds: LIFETIME_SECONDS },
  };
  const answer = await client.create<TokenRequest>(
    resource,
    // Its own group and version, though it is asked for under the core group's path.
    Object.assign(request, { apiVersion: 'authentication.k8s.io/v1' }),
  );
  return answer.status?.token ?? '';
}
