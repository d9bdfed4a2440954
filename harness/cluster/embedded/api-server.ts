import { createServer } from 'node:https';
import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import { closeServer, listen } from '../../../core/http-listen.ts';
import type { Logger } from '../../../core/log.ts';
import { silentLogger } from '../../../core/log.ts';
import type { RunningResource } from '../../../core/resource.ts';
import { runningResource } from '../../../core/resource.ts';
import { defaultStorageClass } from './admission/default-storage-class.ts';
import { namespaceLifecycle } from './admission/namespace-lifecycle.ts';
import { podDefaults } from './admission/pod-defaults.ts';
import { podSecurity } from './admission/pod-security.ts';
import { rbacEscalation } from './admission/rbac-escalation.ts';
import { serviceAccount } from './admission/service-account.ts';
import type { ApiAccess, NodeAccess } from './api-access.ts';
import type { ApiCore } from './api-core.ts';
import { Authenticator } from './auth/authenticator.ts';
import { RbacAuthorizer } from './auth/rbac.ts';
import { ServiceAccountTokens } from './auth/service-account-tokens.ts';
import { createBootstrapObjects } from './bootstrap.ts';
import { startControllers } from './controllers/controllers.ts';
import { issueServingCertificate } from './http/certificate-authority.ts';
import { handleRequest } from './http/request-pipeline.ts';
import { ResourceRoutes } from './http/resource-routes.ts';
import { SubresourceRoutes } from './http/subresource-routes.ts';
import { inProcessAccess } from './in-process-access.ts';
import { kubeconfigFor } from './kubeconfig.ts';
import { ResourceTable } from './resource-table.ts';
import type { SchemaFace } from './schema-face.ts';
import { builtInSchemas } from './schema/built-in-schemas.ts';
import { Store } from './store/store.ts';

export interface ApiServerOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log?: Logger;
  /** Where container logs come from; without one every log is empty. */
  readonly nodeAccess?: NodeAccess;
  /** Default: the generated schemas of the built-in kinds. */
  readonly schema?: SchemaFace;
  /** How many changes a watch may lie behind before it gets a 410. Default 20,000. */
  readonly historyLength?: number;
  /** Default 0: a free port. */
  readonly port?: number;
}

export interface ClusterUser {
  readonly username: string;
  readonly groups?: readonly string[];
}

export interface RunningApiServer extends RunningResource {
  /** https://127.0.0.1:PORT */
  readonly url: string;
  /** The certificate authority that clients trust. */
  readonly caPem: string;
  readonly access: ApiAccess;
  /** Forgets the changes up to now, as a compaction of etcd does: older watches and continue tokens end with 410. */
  compact(): void;
  /** A kubeconfig (YAML) of a new user; an administrator unless told otherwise. What else the user may do is for RBAC objects to say. */
  kubeconfig(user?: ClusterUser, namespace?: string): string;
}

/** A Kubernetes API server in this process, on 127.0.0.1 over TLS, with the controllers that belong to the control plane. */
export async function startApiServer(options: ApiServerOptions): Promise<RunningApiServer> {
  const { clock, entropy } = options;
  const store = new Store(options.historyLength === undefined ? {} : { historyLength: options.historyLength });
  const schema = options.schema ?? builtInSchemas;
  const admission = [namespaceLifecycle, serviceAccount, podDefaults, defaultStorageClass, podSecurity, rbacEscalation];
  const core: ApiCore = { store, resources: new ResourceTable(schema), schema, clock, entropy, admission };
  const tokens = new ServiceAccountTokens(store, clock, entropy);
  const authenticator = new Authenticator(entropy, tokens);
  const authorizer = new RbacAuthorizer(store);
  const access = inProcessAccess(core);
  const certificate = await issueServingCertificate(entropy);
  const subresources = new SubresourceRoutes({
    core,
    nodeAccess: options.nodeAccess,
    authenticator,
    authorizer,
    tokens,
  });
  const resources = new ResourceRoutes(core, subresources);
  let address = '';
  const parts = {
    core,
    authenticator,
    authorizer,
    resources,
    log: options.log ?? silentLogger,
    address: () => address,
  };
  const server = createServer({ key: certificate.keyPem, cert: certificate.certificatePem }, (request, response) => {
    void handleRequest(parts, request, response);
  });
  server.keepAliveTimeout = 60_000;
  createBootstrapObjects(access);
  const controllers = startControllers(core, access, certificate.caPem);
  const { host, port } = await listen(server, options.port === undefined ? {} : { port: options.port });
  address = `${host}:${port}`;
  const url = `https://${address}`;
  const facts = {
    url,
    caPem: certificate.caPem,
    access,
    compact: () => store.compact(store.version),
    kubeconfig(user: ClusterUser = { username: 'admin', groups: ['system:masters'] }, namespace?: string): string {
      const token = authenticator.addUser(user.username, user.groups ?? []);
      return kubeconfigFor({ url, caPem: certificate.caPem, username: user.username, token, namespace });
    },
  };
  return runningResource(facts, async () => {
    controllers.stop();
    await closeServer(server);
  });
}
