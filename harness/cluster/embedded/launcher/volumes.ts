import { chmodSync, closeSync, existsSync, ftruncateSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { makeDirectory } from '../exact-modes.ts';
import type { BackedVolume, LauncherFacts, VolumeSpec } from './launcher.ts';
import type { SandboxNode } from './sandbox-node.ts';
import { findTool, shellWord } from './tools.ts';

export interface Volumes {
  readonly backing: LauncherFacts['sizedVolumes'];
  create(spec: VolumeSpec): Promise<BackedVolume>;
}

/** What mkfs.ext4 itself takes, so that a small claim still has its bytes. */
const EXT4_OVERHEAD_BYTES = 256 * 1024;
/** No journal (a volume does not outlive a crash), no reserved blocks, nothing written that is not needed yet. */
const EXT4_OPTIONS = '-q -F -m 0 -i 16384 -O ^has_journal,^resize_inode -E lazy_itable_init=1,nodiscard,root_owner=0:0';

/**
 * Volumes of a fixed size. As root: a sparse file with ext4, whose pages the kernel can write back, so that data on
 * a volume does not count against a container's memory for good. Otherwise a tmpfs inside the node.
 */
export function createVolumes(node: SandboxNode, runtimeDir: string, diskDir: string): Volumes {
  const asRoot = node.asRoot;
  const hasExt4 = asRoot !== undefined && findTool('mkfs.ext4') !== undefined && existsSync('/dev/loop-control');
  const directory = (spec: VolumeSpec): string => {
    const path = `${runtimeDir}/volumes/${spec.id}`;
    makeDirectory(path, 0o711);
    return path;
  };
  const createTmpfs = async (spec: VolumeSpec): Promise<BackedVolume> => {
    const path = directory(spec);
    await node.inside.run(`mount -n -t tmpfs -o size=${spec.sizeBytes},mode=777,nosuid,nodev tmpfs ${shellWord(path)}`);
    return {
      path,
      // With one user only, that user's group is all there is, and it owns the volume anyway.
      setGroup: async (gid) =>
        node.users === 'one'
          ? undefined
          : node.inside.run(`chgrp ${gid} ${shellWord(path)} && chmod 2775 ${shellWord(path)}`),
      async remove() {
        await node.inside.run(`umount -n -l ${shellWord(path)}`);
        await rm(path, { recursive: true, force: true });
      },
    };
  };

  const makeExt4 = async (spec: VolumeSpec): Promise<BackedVolume> => {
    if (!asRoot) return createTmpfs(spec);
    const path = directory(spec);
    const image = `${diskDir}/${spec.id}.img`;
    const file = openSync(image, 'wx', 0o600);
    ftruncateSync(file, spec.sizeBytes + EXT4_OVERHEAD_BYTES + Math.ceil(spec.sizeBytes / 50));
    closeSync(file);
    const [disk, point] = [shellWord(image), shellWord(path)];
    await asRoot.run(
      `mkfs.ext4 ${EXT4_OPTIONS} ${disk} && mount -n -o loop,nosuid,nodev ${disk} ${point} && rmdir ${point}/lost+found`,
    );
    const seen = `/proc/${node.pid}/root${path}`;
    node.own(seen, 0, 0);
    chmodSync(seen, 0o777);
    return {
      path,
      async setGroup(gid) {
        node.own(seen, 0, gid);
        chmodSync(seen, 0o2775);
      },
      async remove() {
        await asRoot.run(`umount -n ${point} || umount -n -l ${point}`);
        // Freeing the blocks takes the disk's time, not this thread's.
        await Promise.all([image, path].map((leftover) => rm(leftover, { recursive: true, force: true })));
      },
    };
  };

  // Claims of a testbed tend to have one size: a volume of the last size is made ahead, since making one costs as
  // much as starting a container.
  let spare: { readonly sizeBytes: number; readonly volume: Promise<BackedVolume> } | undefined;
  let made = 0;
  const makeSpare = (sizeBytes: number): void => {
    const old = spare;
    const volume = makeExt4({ id: `spare-${made++}`, sizeBytes });
    volume.catch(() => undefined);
    spare = { sizeBytes, volume };
    void old?.volume.then((unused) => unused.remove()).catch(() => undefined);
  };
  const createExt4 = async (spec: VolumeSpec): Promise<BackedVolume> => {
    const ready = spare?.sizeBytes === spec.sizeBytes ? spare : undefined;
    if (ready) spare = undefined;
    const volume = await (ready?.volume ?? makeExt4(spec));
    makeSpare(spec.sizeBytes);
    return volume;
  };

  return {
    backing: hasExt4 ? 'ext4' : 'tmpfs',
    create: (spec) => (hasExt4 && spec.medium !== 'memory' ? createExt4(spec) : createTmpfs(spec)),
  };
}
