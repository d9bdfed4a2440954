import { dirname, join, posix } from 'node:path';
import { WavetankError } from '../../../../core/errors.ts';
import { makeDirectories, makeFile } from '../exact-modes.ts';
import type { BackedVolume, ContainerMount, Launcher, PodSandbox } from '../launcher/launcher.ts';
import type { EnvContext } from './container-env.ts';
import { configError } from './container-env.ts';
import type { LocalProvisioner } from './local-provisioner.ts';
import type { Container, Pod, Volume } from './pod-types.ts';
import { projectedFiles } from './projected-files.ts';
import { parseQuantity } from './quantity.ts';

/** The volumes of one pod, by name. */
export interface PodVolumes {
  mountsOf(container: Container): ContainerMount[];
  /** Those that end with the pod. */
  remove(): Promise<void>;
}

interface Prepared {
  readonly path: string;
  readonly isReadOnly: boolean;
  readonly files: readonly string[];
  readonly ownTmpfs?: NonNullable<ContainerMount['ownTmpfs']>;
}

export interface VolumeSources {
  readonly launcher: Launcher;
  readonly provisioner: LocalProvisioner;
  readonly sandbox: PodSandbox;
  readonly context: EnvContext;
}

/** Without a limit of its own, an emptyDir may take this much. */
const DEFAULT_EMPTY_DIR_BYTES = 1024 ** 3;

/** @throws WavetankError MOUNT_FAILED with the volume's name and why; what was made is removed again. */
export async function preparePodVolumes(pod: Pod, sources: VolumeSources): Promise<PodVolumes> {
  const own: BackedVolume[] = [];
  const remove = async (): Promise<void> => {
    await Promise.all(own.splice(0).map((volume) => volume.remove()));
  };
  const prepare = async (volume: Volume): Promise<readonly [string, Prepared]> => {
    try {
      return [volume.name, await prepareVolume(pod, volume, sources, own)];
    } catch (error) {
      throw new WavetankError(
        'MOUNT_FAILED',
        `MountVolume.SetUp failed for volume "${volume.name}" : ${(error as Error).message}`,
      );
    }
  };
  const results = await Promise.allSettled((pod.spec.volumes ?? []).map(prepare));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    await remove();
    throw failed.reason;
  }
  const prepared = new Map(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
  return { remove, mountsOf: (container) => (container.volumeMounts ?? []).map((mount) => mountOf(mount, prepared)) };
}

function mountOf(
  mount: NonNullable<Container['volumeMounts']>[number],
  prepared: ReadonlyMap<string, Prepared>,
): ContainerMount {
  const volume = prepared.get(mount.name);
  if (!volume) throw configError(`volume "${mount.name}" not found`);
  const subPath = plainSubPath(mount.subPath ?? '');
  return {
    source: volume.path,
    target: mount.mountPath.replace(/(?<=.)\/+$/, ''),
    readOnly: volume.isReadOnly || mount.readOnly === true,
    ...(volume.ownTmpfs ? { ownTmpfs: volume.ownTmpfs } : {}),
    ...(subPath === undefined ? {} : { subPath }),
    ...(subPath !== undefined && volume.files.includes(subPath) ? { isFile: true } : {}),
  };
}

/** undefined: the whole volume. */
function plainSubPath(subPath: string): string | undefined {
  const path = posix.normalize(subPath).replace(/\/+$/, '');
  return path === '.' ? undefined : path;
}

async function prepareVolume(pod: Pod, volume: Volume, sources: VolumeSources, own: BackedVolume[]): Promise<Prepared> {
  const fsGroup = pod.spec.securityContext?.fsGroup;
  const writable = async (backing: BackedVolume): Promise<string> => {
    if (fsGroup !== undefined) await backing.setGroup(fsGroup);
    return backing.path;
  };
  const files = projectedFiles(volume, sources.context);
  if (files) {
    const path = join(sources.sandbox.dir, 'volumes', volume.name);
    writeFiles(path, files, sources.launcher, fsGroup);
    // Read-only, as the kubelet mounts them.
    return { path, isReadOnly: true, files: files.map((file) => file.path) };
  }
  if (volume.persistentVolumeClaim) {
    const { claimName, readOnly } = volume.persistentVolumeClaim;
    const backing = await sources.provisioner.volumeFor(pod.metadata.namespace ?? '', claimName);
    if (!backing) throw configError(`persistentvolumeclaim "${claimName}" is not bound`);
    return { path: await writable(backing), isReadOnly: readOnly === true, files: [] };
  }
  const { sizeLimit } = volume.emptyDir ?? {};
  const sizeBytes =
    sizeLimit === undefined || sizeLimit === '0' ? DEFAULT_EMPTY_DIR_BYTES : Math.ceil(parseQuantity(sizeLimit));
  // One container and one run of it: the container mounts it itself, which costs nothing extra.
  if (isPrivate(pod, volume)) return { path: '', isReadOnly: false, files: [], ownTmpfs: { sizeBytes, gid: fsGroup } };
  const id = `${pod.metadata.uid}-${volume.name}`;
  // A tmpfs for both media: it costs a tenth of a disk volume, and ends with the pod.
  const backing = await sources.launcher.createVolume({ id, sizeBytes, medium: 'memory' });
  own.push(backing);
  return { path: await writable(backing), isReadOnly: false, files: [] };
}

function isPrivate(pod: Pod, volume: Volume): boolean {
  if (pod.spec.restartPolicy !== 'Never') return false;
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const mounts = containers
    .flatMap((container) => container.volumeMounts ?? [])
    .filter(({ name }) => name === volume.name);
  return mounts.length === 1 && (mounts[0]?.subPath ?? '') === '' && mounts[0]?.readOnly !== true;
}

function writeFiles(
  path: string,
  files: readonly { readonly path: string; readonly content: Buffer; readonly mode: number }[],
  launcher: Launcher,
  fsGroup: number | undefined,
): void {
  makeDirectories(path, 0o755);
  for (const file of files) {
    const target = join(path, file.path);
    makeDirectories(dirname(target), 0o755);
    // With an fsGroup the group may read what the owner may, as the kubelet does it.
    makeFile(target, file.content, fsGroup === undefined ? file.mode : file.mode | ((file.mode & 0o400) >> 3));
    launcher.own(target, 0, fsGroup ?? 0);
  }
}
