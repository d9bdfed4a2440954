import type { KubeClient, ObjectRef } from '../../engine/kubernetes/client.ts';
import type { KubeObject, Resource } from '../../engine/kubernetes/objects.ts';

/** A day; the server may give less. */
const LIFETIME_SECONDS = 86_400;

interface TokenRequest extends KubeObject {
  readonly spec: { readonly expirationSeconds: number };
  readonly status?: { readonly token: string; readonly expirationTimestamp: string };
}

export interface ServiceAccountToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresMs: number;
}

/** A bound token for a service account that exists. @throws KubeError */
export async function serviceAccountToken(
  client: Pick<KubeClient, 'create'>,
  { name, namespace }: ObjectRef,
): Promise<ServiceAccountToken> {
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
  const { status } = await client.create<TokenRequest>(
    resource,
    // Its own group and version, though it is asked for under the core group's path.
    Object.assign(request, { apiVersion: 'authentication.k8s.io/v1' }),
  );
  return { token: status?.token ?? '', expiresMs: Date.parse(status?.expirationTimestamp ?? '') };
}
