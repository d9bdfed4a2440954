import { readFileSync } from 'node:fs';

const LOCKED = ['noexec'];

/**
 * Which flags of a path's mount a remount in a user namespace has to repeat: the kernel refuses to take them away.
 * nosuid and nodev are always set, so only noexec is left to find.
 */
export function readMountFlags(): (path: string) => string {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([, , , , point, options]) =>
      point && options ? [{ point: unescaped(point), options: options.split(',') }] : [],
    )
    .toSorted((a, b) => b.point.length - a.point.length);
  return (path) => {
    const mount = mounts.find(({ point }) => path === point || point === '/' || path.startsWith(`${point}/`));
    return LOCKED.filter((flag) => mount?.options.includes(flag))
      .map((flag) => `,${flag}`)
      .join('');
  };
}

function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_match, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
