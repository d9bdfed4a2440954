import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { PodScript } from '../../../engine/api/pod-command.ts';
import { POD_NODE } from '../../../engine/api/pod-command.ts';
import type { PodsApp } from '../../pods-image.ts';
import { literal } from '../probe/probe-pods.ts';

/**
 * The command that runs one of our scripts in any image with Node: the script itself is in it, so that a cluster to which nobody pushed an
 * image of ours needs none. Some 25 kB per pod; what a program may be told at once is 128 kB.
 */
export function commandWithScript({ directory }: PodsApp, script: PodScript): readonly string[] {
  const source = readFileSync(path.join(directory, `${script}.cjs`), 'utf8');
  // The scripts start when the program that was called is themselves; Node names what comes by -e so.
  return [...POD_NODE, '--input-type=commonjs', '-e', literal(source), '[eval]'];
}
