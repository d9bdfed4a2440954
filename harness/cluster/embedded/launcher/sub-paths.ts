import { sourceOf } from './container-root.ts';
import type { ContainerMount } from './launcher.ts';
import { shellWord } from './tools.ts';

const LEADS_OUT = 'the subPath leads out of its volume';

/** Those whose content is not ours: a container may have left links there, and may change them at any moment. */
export function subPathsOf(mounts: readonly ContainerMount[]): readonly ContainerMount[] {
  return mounts.filter((mount) => mount.subPath !== undefined && mount.isFile !== true);
}

/**
 * Before anything is mounted: makes what is missing of each subPath, one directory after the other and each inside the volume, and
 * refuses a subPath that leads out of it. `root` is where the container's mount points are; one is a directory until now.
 */
export function prepareSubPaths(mounts: readonly ContainerMount[], root: string): string {
  return subPathsOf(mounts)
    .map((mount) => {
      const path = shellWord(sourceOf(mount));
      const point = shellWord(`${root}${mount.target}`);
      return `${enterVolume(mount)}
if [ ! -e ${path} ]; then
wt_mode=$(stat -c %a .)
${makeDirectories(mount.subPath ?? '')}
fi
if [ -d ${path} ]; then ${enterInside(path)}
else case "$(readlink -f ${path})" in "$wt_volume"/*) rmdir ${point} && : > ${point} || fail 'a file as subPath has no mount point';; *) fail ${shellWord(LEADS_OUT)};; esac
fi
`;
    })
    .join('');
}

/**
 * `mount` looks a path up again, and a link may be another one by then. A directory that is known to be inside, since it is the working
 * directory, has to be the one that was mounted.
 */
export function checkSubPaths(mounts: readonly ContainerMount[], root: string): string {
  return subPathsOf(mounts)
    .map((mount) => {
      const point = shellWord(`${root}${mount.target}`);
      const check = `${enterInside(shellWord(sourceOf(mount)))}; [ . -ef ${point} ] || fail ${shellWord(LEADS_OUT)}`;
      return `if [ -d ${point} ]; then ${enterVolume(mount)}; ${check}; fi\n`;
    })
    .join('');
}

/** After `cd -P` the shell has the real path in PWD, which costs no process. */
function enterVolume(mount: ContainerMount): string {
  return `cd -P ${shellWord(mount.source)} && wt_volume=$PWD && [ -n "$wt_volume" ] || fail 'cannot enter the volume of a subPath'`;
}

function enterInside(path: string): string {
  return `cd -P ${path} || fail ${shellWord(LEADS_OUT)}; case $PWD/ in "$wt_volume"/*) ;; *) fail ${shellWord(LEADS_OUT)};; esac`;
}

function makeDirectories(subPath: string): string {
  return subPath
    .split('/')
    .map((part) => shellWord(`./${part}`))
    .map(
      (part) =>
        `[ -d ${part} ] || mkdir -m "$wt_mode" ${part} || fail 'cannot create the subPath'; ${enterInside(part)}`,
    )
    .join('\n');
}
