import { rmSync } from 'node:fs';
import { makeDirectories, makeFile } from '../exact-modes.ts';
import type { SandboxNode } from './sandbox-node.ts';
import { shellWord } from './tools.ts';

/**
 * Network, IPC and UTS namespaces kept alive by mounts inside the node: no process holds them, and they vanish with
 * the node. A few are made ahead of need, since making one costs as much as starting a container.
 */
export interface PodNamespaces {
  take(): Promise<PreparedNamespaces>;
}

export interface PreparedNamespaces {
  readonly ip: string;
  /** Options for nsenter, opened from outside the node. */
  readonly enter: readonly string[];
  remove(): Promise<void>;
}

const KINDS = ['net', 'ipc', 'uts'] as const;
const AHEAD = 2;

export function createPodNamespaces(node: SandboxNode, runtimeDir: string): PodNamespaces {
  const ready: Promise<PreparedNamespaces>[] = [];
  let made = 0;
  const prepare = (): void => {
    const preparing = prepareOne(node, runtimeDir, made++);
    preparing.catch(() => undefined);
    ready.push(preparing);
  };
  for (let count = 0; count < AHEAD; count++) prepare();
  return {
    take() {
      prepare();
      return ready.shift() as Promise<PreparedNamespaces>;
    },
  };
}

async function prepareOne(node: SandboxNode, runtimeDir: string, index: number): Promise<PreparedNamespaces> {
  const dir = `${runtimeDir}/ns/${index}`;
  makeDirectories(dir, 0o755);
  for (const kind of KINDS) makeFile(`${dir}/${kind}`, '', 0o644);
  // `self` is the mount process itself, which sits in the new namespaces; the path must not be resolved before.
  const table = KINDS.map((kind) => `/proc/self/ns/${kind} ${dir}/${kind} none bind 0 0\n`).join('');
  makeFile(`${dir}/fstab`, table, 0o644);
  const ip = podIp(index);
  const setUp = `printf 'link set lo up\\naddr add ${ip}/32 dev lo\\n' | ip -batch - && mount -c -n -a -T ${dir}/fstab`;
  await node.inside.run(`unshare --net --ipc --uts /bin/sh -c ${shellWord(setUp)}`);
  const seen = `/proc/${node.pid}/root${dir}`;
  return {
    ip,
    enter: KINDS.map((kind) => `--${kind}=${seen}/${kind}`),
    async remove() {
      await node.inside.run(`umount -n ${KINDS.map((kind) => `${dir}/${kind}`).join(' ')}`);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** 10.244.0.0/16, as cluster installers commonly choose; .0 and .1 are left out. */
function podIp(index: number): string {
  const host = 2 + (index % 65_000);
  return `10.244.${Math.floor(host / 250)}.${2 + (host % 250)}`;
}
