import { configError } from './container-env.ts';
import type { CatalogueImage } from './images.ts';
import type { Container, Pod } from './pod-types.ts';

export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/**
 * Who a container runs as: its own settings, then the pod's, then the image's.
 * @throws WavetankError CREATE_CONTAINER_CONFIG for runAsNonRoot with root.
 */
export function containerUser(pod: Pod, container: Container, image: CatalogueImage): ContainerUser {
  const ofPod = pod.spec.securityContext ?? {};
  const own = container.securityContext ?? {};
  const uid = own.runAsUser ?? ofPod.runAsUser ?? image.uid;
  const gid = own.runAsGroup ?? ofPod.runAsGroup ?? image.gid;
  const mustNotBeRoot = own.runAsNonRoot ?? ofPod.runAsNonRoot ?? false;
  if (mustNotBeRoot && uid === 0) {
    const asked = own.runAsUser ?? ofPod.runAsUser;
    const who = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`;
    throw configError(
      asked === undefined
        ? `container has runAsNonRoot and image will run as root ${who}`
        : `container's runAsUser breaks non-root policy ${who}`,
    );
  }
  const groups = new Set([
    gid,
    ...(ofPod.supplementalGroups ?? []),
    ...(ofPod.fsGroup === undefined ? [] : [ofPod.fsGroup]),
  ]);
  return { uid, gid, groups: [...groups] };
}

/** What a process reads about itself in /etc, as a container runtime fills it in. */
export function etcFiles(user: ContainerUser, hostname: string, ip: string): Record<string, string> {
  const named = user.uid === 0 ? '' : `user:x:${user.uid}:${user.gid}::/tmp:/bin/sh\n`;
  const group = user.gid === 0 ? '' : `user:x:${user.gid}:\n`;
  return {
    passwd: `root:x:0:0:root:/root:/bin/sh\n${named}nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    group: `root:x:0:\n${group}nogroup:x:65534:\n`,
    hostname: `${hostname}\n`,
    hosts: `# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${ip}\t${hostname}\n`,
    // No name server is reachable from a pod; a resolver that asks gets no answer from anybody.
    'resolv.conf': '',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  };
}
