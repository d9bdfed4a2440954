import { chmodSync, existsSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectories, makeFile } from '../exact-modes.ts';
import type { ContainerMount, ContainerSpec } from './launcher.ts';

/** Directories that programs expect in every root. */
const DIRS = [
  'proc',
  'sys',
  'dev',
  'dev/shm',
  'tmp',
  'var',
  'var/tmp',
  'etc',
  'run',
  'usr',
  'root',
  'home',
  'opt',
  'mnt',
];
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom'];
const DEVICE_LINKS: Readonly<Record<string, string>> = {
  'dev/fd': '/proc/self/fd',
  'dev/stdin': '/proc/self/fd/0',
  'dev/stdout': '/proc/self/fd/1',
  'dev/stderr': '/proc/self/fd/2',
};

/** Lays out an empty root with every mount point, on the host's side: cheap, no process needed. */
export function layOutRoot(root: string, spec: ContainerSpec): void {
  for (const dir of DIRS) makeDirectories(`${root}/${dir}`, 0o755);
  for (const device of DEVICES) makeFile(`${root}/dev/${device}`, '', 0o644);
  for (const [link, text] of Object.entries(DEVICE_LINKS)) symlinkSync(text, `${root}/${link}`);
  for (const [link, text] of Object.entries(spec.image.links)) symlinkSync(text, `${root}${link}`);
  for (const [name, text] of Object.entries(spec.etc)) makeFile(`${root}/etc/${name}`, text, 0o644);
  chmodSync(`${root}/tmp`, 0o1777);
  chmodSync(`${root}/var/tmp`, 0o1777);
  const points = [...spec.image.mounts, ...spec.mounts];
  for (const point of points) {
    if (isBelowAnother(point.target, points)) continue;
    if (point.isFile) {
      makeDirectories(dirname(`${root}${point.target}`), 0o755);
      if (!existsSync(`${root}${point.target}`)) makeFile(`${root}${point.target}`, '', 0o644);
    } else {
      makeDirectories(`${root}${point.target}`, 0o755);
    }
  }
  if (!isBelowAnother(spec.workingDir, points)) makeDirectories(`${root}${spec.workingDir}`, 0o755);
}

/**
 * The mount table of a container, for one `mount -a`: a process per mount would cost more than the container.
 * `flagsOf` says which flags a source's own mount has that a remount in a user namespace must repeat.
 */
export function mountTable(
  root: string,
  spec: ContainerSpec,
  flagsOf: (source: string) => string,
  hasGroups: boolean,
): string {
  const lines: string[] = [];
  const add = (source: string, target: string, type: string, options: string): void =>
    void lines.push(`${escaped(source)} ${escaped(target)} ${type} ${options} 0 0`);
  const points = [...spec.image.mounts, ...spec.mounts];
  const bind = (source: string, target: string, isReadOnly: boolean): void => {
    const make = isBelowAnother(target, points) ? ',X-mount.mkdir' : '';
    add(source, `${root}${target}`, 'none', `bind,${isReadOnly ? 'ro,' : ''}nosuid,nodev${flagsOf(source)}${make}`);
  };
  if (spec.readOnlyRoot) add(root, root, 'none', `bind,ro,nosuid,nodev${flagsOf(root)}`);
  for (const mount of spec.image.mounts) bind(mount.source, mount.target, true);
  add('proc', `${root}/proc`, 'proc', 'nosuid,nodev,noexec');
  for (const device of DEVICES) add(`/dev/${device}`, `${root}/dev/${device}`, 'none', 'bind,nosuid');
  add('tmpfs', `${root}/dev/shm`, 'tmpfs', `size=${spec.limits.scratchBytes},mode=1777,nosuid,nodev`);
  const byDepth = [...spec.mounts].sort((a, b) => a.target.split('/').length - b.target.split('/').length);
  for (const mount of byDepth) {
    if (mount.ownTmpfs) add('tmpfs', `${root}${mount.target}`, 'tmpfs', tmpfsOptions(mount.ownTmpfs, hasGroups));
    else bind(sourceOf(mount), mount.target, mount.readOnly);
  }
  return `${lines.join('\n')}\n`;
}

/** With one group only, that group owns the directory anyway. */
function tmpfsOptions(tmpfs: NonNullable<ContainerMount['ownTmpfs']>, hasGroups: boolean): string {
  const owner = tmpfs.gid === undefined ? 'mode=777' : hasGroups ? `mode=2775,gid=${tmpfs.gid}` : 'mode=2775';
  return `size=${tmpfs.sizeBytes},${owner},nosuid,nodev,X-mount.mkdir`;
}

export function sourceOf(mount: ContainerMount): string {
  return mount.subPath === undefined ? mount.source : `${mount.source}/${mount.subPath}`;
}

function isBelowAnother(target: string, points: readonly { readonly target: string }[]): boolean {
  if (/^\/(?:dev\/shm|proc)\//.test(target)) return true;
  return points.some((point) => target.startsWith(`${point.target}/`));
}

/** fstab's own way to write blanks. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\134').replaceAll(' ', '\\040').replaceAll('\t', '\\011').replaceAll('\n', '\\012');
}
