import { createHash } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PodsApp } from '../../pods-image.ts';
import type { Docker } from './docker.ts';
import { ownerLabels } from './docker.ts';

const DOCKERFILE = fileURLToPath(new URL('../../../engine/Dockerfile', import.meta.url));

export interface BuildOptions {
  readonly app: PodsApp;
  readonly docker: Docker;
  /** `FROM`: an image with Node. */
  readonly base: string;
  readonly cluster: string;
}

/** The name of the pods' image for this content, the same for the same scripts on the same base. */
export function podsImageName(app: PodsApp, base: string): string {
  const baseHash = createHash('sha256').update(base).digest('hex').slice(0, 8);
  return `wavetank/pods:${path.basename(app.directory)}-${baseHash}`;
}

/** Builds the image of configure, publish, gate, canary and control. Its context is the folder with the five scripts. */
export async function buildPodsImage({ app, docker, base, cluster }: BuildOptions, tag: string): Promise<void> {
  await docker.build(app.directory, {
    tag,
    dockerfile: DOCKERFILE,
    labels: ownerLabels(cluster),
    args: { BASE: base },
  });
}
