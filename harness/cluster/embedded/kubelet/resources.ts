import type { ResourceRef } from '../api-access.ts';

const core = (resource: string): ResourceRef => ({ group: '', version: 'v1', resource });

export const PODS = core('pods');
export const NODES = core('nodes');
export const CONFIG_MAPS = core('configmaps');
export const SECRETS = core('secrets');
export const CLAIMS = core('persistentvolumeclaims');
export const VOLUMES = core('persistentvolumes');
export const NAMESPACES = core('namespaces');
export const STORAGE_CLASSES: ResourceRef = { group: 'storage.k8s.io', version: 'v1', resource: 'storageclasses' };
export const NETWORK_POLICIES: ResourceRef = { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies' };
