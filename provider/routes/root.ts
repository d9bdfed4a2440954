import type { FastifyInstance } from 'fastify';
import type { ProviderContext } from '../context.ts';

/** Clients find every route through this map, by case-insensitive key. */
export const SERVICE_ENDPOINTS = {
  nonce: ['GET', '/api/services/nonce'],
  fileinfo: ['POST', '/api/services/fileinfo'],
  initialize: ['GET', '/api/services/initialize'],
  initializeCompute: ['POST', '/api/services/initializeCompute'],
  download: ['GET', '/api/services/download'],
  encrypt: ['POST', '/api/services/encrypt'],
  decrypt: ['POST', '/api/services/decrypt'],
  computeStart: ['POST', '/api/services/compute'],
  computeStatus: ['GET', '/api/services/compute'],
  computeStop: ['PUT', '/api/services/compute'],
  computeDelete: ['DELETE', '/api/services/compute'],
  computeResult: ['GET', '/api/services/computeResult'],
  computeEnvironments: ['GET', '/api/services/computeEnvironments'],
  validateContainer: ['POST', '/api/services/validateContainer'],
  create_auth_token: ['GET', '/api/services/createAuthToken'],
  delete_auth_token: ['DELETE', '/api/services/deleteAuthToken'],
} as const;

/** The classic version whose wire this Provider speaks; clients compare it. */
const WIRE_VERSION = '2.1.6';

export function registerRoot(app: FastifyInstance, { chains }: ProviderContext): void {
  const document = {
    software: 'Provider',
    version: WIRE_VERSION,
    implementation: 'wavetank',
    chainIds: chains.all.map(({ chainId }) => chainId),
    providerAddresses: Object.fromEntries(chains.all.map(({ chainId, signer }) => [String(chainId), signer.address])),
    serviceEndpoints: SERVICE_ENDPOINTS,
  };
  app.get('/', { exposeHeadRoute: true }, async () => document);
}
