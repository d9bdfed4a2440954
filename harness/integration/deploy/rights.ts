import type { KubeClient } from '../../../engine/kubernetes/client.ts';
import type { Resource } from '../../../engine/kubernetes/objects.ts';

const REVIEWS: Resource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  resource: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
  isClusterScoped: true,
};

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;

/** What a part could wish for, by API group; a resource with its subresource behind a slash. */
const RESOURCES: Readonly<Record<string, readonly string[]>> = {
  '': [
    'pods',
    'pods/exec',
    'pods/log',
    'pods/attach',
    'pods/portforward',
    'pods/ephemeralcontainers',
    'pods/status',
    'secrets',
    'configmaps',
    'serviceaccounts',
    'serviceaccounts/token',
    'services',
    'persistentvolumeclaims',
    'persistentvolumes',
    'namespaces',
    'nodes',
    'events',
  ],
  'oceanprotocol.com': [
    'workflows',
    'workflows/status',
    'workflows/finalizers',
    'computeenvironments',
    'computeenvironments/status',
  ],
  'networking.k8s.io': ['networkpolicies'],
  'coordination.k8s.io': ['leases'],
  'rbac.authorization.k8s.io': ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
  'apiextensions.k8s.io': ['customresourcedefinitions'],
  'storage.k8s.io': ['storageclasses'],
  apps: ['deployments'],
};

/** `verb group/resource` of all that the client's account may do in a namespace, as the cluster itself says. */
export async function rightsOf(client: KubeClient, namespace: string): Promise<string[]> {
  const questions = Object.entries(RESOURCES).flatMap(([group, resources]) =>
    resources.flatMap((resource) => VERBS.map((verb) => ({ group, resource, verb }))),
  );
  const answers = await Promise.all(
    questions.map(async ({ group, resource, verb }) => {
      const [name, subresource] = resource.split('/');
      const attributes = { namespace, group, verb, resource: name, ...(subresource ? { subresource } : {}) };
      const review = await client.create(REVIEWS, {
        metadata: {},
        spec: { resourceAttributes: attributes },
      } as never);
      const { status } = review as unknown as { status: { allowed: boolean } };
      return status.allowed ? [`${verb} ${group}/${resource}`] : [];
    }),
  );
  return answers.flat().toSorted();
}
