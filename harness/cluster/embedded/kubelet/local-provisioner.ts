import type { Logger } from '../../../../core/log.ts';
import { messageOf } from '../../../../core/errors.ts';
import type { ApiAccess, WatchEvent } from '../api-access.ts';
import type { KubeObject } from '../kube-object.ts';
import { isKubeStatus } from '../kube-status.ts';
import type { BackedVolume, Launcher } from '../launcher/launcher.ts';
import { parseQuantity } from './quantity.ts';
import { CLAIMS, STORAGE_CLASSES, VOLUMES } from './resources.ts';

export const STORAGE_CLASS = 'standard';
export const PROVISIONER = 'wavetank.local/volume';
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
/** Where a cluster's default class is marked. */
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

interface ClaimSpec {
  readonly storageClassName?: string;
  readonly volumeName?: string;
  readonly volumeMode?: string;
  readonly accessModes?: readonly string[];
  readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
}

/**
 * Gives claims of the class `standard` a volume of the size they ask for, once a pod needs it, and wipes it when
 * the claim is deleted. The backing is prepared as soon as the claim appears, since it costs more than a container.
 */
export interface LocalProvisioner {
  /** The volume of a claim, bound if it was not. Undefined while it cannot be. */
  volumeFor(namespace: string, claimName: string): Promise<BackedVolume | undefined>;
  stop(): Promise<void>;
}

export function startLocalProvisioner(options: {
  api: ApiAccess;
  launcher: Launcher;
  nodeName: string;
  log: Logger;
}): LocalProvisioner {
  const { api, launcher, nodeName, log } = options;
  const backings = new Map<string, Promise<BackedVolume>>();
  ensureStorageClass(api);

  const prepare = (claim: KubeObject): Promise<BackedVolume> => {
    const uid = claim.metadata.uid ?? '';
    const known = backings.get(uid);
    if (known) return known;
    const sizeBytes = Math.ceil(parseQuantity(specOf(claim).resources?.requests?.['storage'] ?? '0'));
    const creating = launcher.createVolume({ id: `pvc-${uid}`, sizeBytes });
    creating.catch((error: unknown) => {
      backings.delete(uid);
      api.recordEvent(claim, 'Warning', 'ProvisioningFailed', messageOf(error), PROVISIONER);
    });
    backings.set(uid, creating);
    return creating;
  };

  const wipe = async (uid: string): Promise<void> => {
    const backing = backings.get(uid);
    backings.delete(uid);
    if (!backing) return;
    await backing
      .then((volume) => volume.remove())
      .catch((error: unknown) => log.warn('volume not removed', { volume: uid, error }));
  };

  const onClaim = (event: WatchEvent): void => {
    const claim = event.object;
    if (!isOurs(claim)) return;
    if (event.type === 'DELETED') {
      removeVolumeObject(api, claim);
      void wipe(claim.metadata.uid ?? '');
      return;
    }
    if (claim.metadata.deletionTimestamp !== undefined) return;
    void prepare(claim).catch(() => undefined);
    if (claim.metadata.annotations?.[SELECTED_NODE] === nodeName) bind(claim);
  };

  const bind = (claim: KubeObject): void => {
    if ((claim['status'] as { phase?: string } | undefined)?.phase === 'Bound') return;
    const volumeName = `pvc-${claim.metadata.uid}`;
    createVolumeObject(api, claim, volumeName, nodeName);
    // Read again after each write: in process, every write is seen at once.
    const current = api.get(CLAIMS, claim.metadata.namespace, claim.metadata.name ?? '');
    if (specOf(current).volumeName === undefined)
      api.update(CLAIMS, { ...current, spec: { ...specOf(current), volumeName } });
    const bound = api.get(CLAIMS, claim.metadata.namespace, claim.metadata.name ?? '');
    const storage = specOf(bound).resources?.requests?.['storage'] ?? '0';
    api.updateStatus(CLAIMS, {
      ...bound,
      status: { phase: 'Bound', accessModes: specOf(bound).accessModes ?? [], capacity: { storage } },
    });
    api.recordEvent(
      bound,
      'Normal',
      'ProvisioningSucceeded',
      `Successfully provisioned volume ${volumeName}`,
      PROVISIONER,
    );
  };

  const watch = api.watch(CLAIMS, (event) => {
    try {
      onClaim(event);
    } catch (error) {
      log.warn('claim not handled', { claim: event.object.metadata.name, error });
    }
  });

  return {
    async volumeFor(namespace, claimName) {
      const claim = find(api, namespace, claimName);
      if (!claim || claim.metadata.deletionTimestamp !== undefined || !isOurs(claim)) return undefined;
      const backing = await prepare(claim);
      const current = find(api, namespace, claimName);
      if (current?.metadata.uid !== claim.metadata.uid) return undefined;
      bind(current as KubeObject);
      return backing;
    },
    async stop() {
      watch.stop();
      await Promise.all([...backings.keys()].map(wipe));
    },
  };
}

function find(api: ApiAccess, namespace: string, name: string): KubeObject | undefined {
  try {
    return api.get(CLAIMS, namespace, name);
  } catch (error) {
    if (isKubeStatus(error, 'NotFound')) return undefined;
    throw error;
  }
}

function specOf(claim: KubeObject): ClaimSpec {
  return (claim['spec'] ?? {}) as ClaimSpec;
}

/** A claim without a class gets the default one, which is ours. */
function isOurs(claim: KubeObject): boolean {
  const { storageClassName, volumeMode } = specOf(claim);
  return (storageClassName ?? STORAGE_CLASS) === STORAGE_CLASS && (volumeMode ?? 'Filesystem') === 'Filesystem';
}

function ensureStorageClass(api: ApiAccess): void {
  ignoringExisting(() =>
    api.create(STORAGE_CLASSES, undefined, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: STORAGE_CLASS, annotations: { [DEFAULT_CLASS]: 'true' } },
      provisioner: PROVISIONER,
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
      allowVolumeExpansion: false,
    }),
  );
}

function createVolumeObject(api: ApiAccess, claim: KubeObject, name: string, nodeName: string): void {
  const { accessModes = ['ReadWriteOnce'], resources } = specOf(claim);
  const { metadata } = claim;
  const claimRef = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
  };
  const affinity = { key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] };
  ignoringExisting(() => {
    const created = api.create(VOLUMES, undefined, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': PROVISIONER } },
      spec: {
        capacity: { storage: resources?.requests?.['storage'] ?? '0' },
        accessModes,
        claimRef,
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: STORAGE_CLASS,
        volumeMode: 'Filesystem',
        local: { path: `/var/lib/wavetank/${name}` },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [affinity] }] } },
      },
    });
    api.updateStatus(VOLUMES, { ...created, status: { phase: 'Bound' } });
  });
}

function removeVolumeObject(api: ApiAccess, claim: KubeObject): void {
  try {
    api.delete(VOLUMES, undefined, `pvc-${claim.metadata.uid}`);
  } catch (error) {
    if (!isKubeStatus(error, 'NotFound')) throw error;
  }
}

function ignoringExisting(create: () => void): void {
  try {
    create();
  } catch (error) {
    if (!isKubeStatus(error, 'AlreadyExists')) throw error;
  }
}
