import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from '../../../core/log.ts';
import type { RunCommand } from './command.ts';
import type { Docker } from './docker.ts';
import { canonicalImage, parseImageName } from './image-names.ts';
import { KindCli } from './kind-cli.ts';

/** An image that pods of the cluster may name, and the one of this machine's Docker engine that it is. */
export interface Preload {
  /** As pods name it, with a tag. */
  readonly name: string;
  readonly source: string;
}

/** Everything of ours in containerd's list of images that is no image's own name. */
const LOADED = 'docker.io/wavetank/loaded';
const CTR = ['ctr', '--namespace=k8s.io', 'images'];

export interface NodeImagesOptions {
  readonly run: RunCommand;
  readonly docker: Docker;
  readonly log: Logger;
  readonly stateDir: string;
  readonly signal: AbortSignal;
}

/** Writes images to a file while the cluster is still coming up, and loads them into it. */
export class NodeImages {
  readonly #options: NodeImagesOptions;

  constructor(options: NodeImagesOptions) {
    this.#options = options;
  }

  /** Pulls what the Docker engine does not have. This is the only pull there is: the cluster itself gets everything loaded. */
  async ensure(sources: readonly string[]): Promise<void> {
    const { docker, log, signal } = this.#options;
    for (const source of sources) {
      if (await docker.hasImage(source)) continue;
      log.info('an image is pulled', { image: source });
      await docker.pull(source, { signal });
    }
  }

  /** @returns the file, which the caller removes */
  async save(sources: readonly string[], name: string): Promise<string> {
    const { run, stateDir, signal } = this.#options;
    const file = path.join(stateDir, `${name}.images.tar`);
    await run('docker', ['save', '--output', file, ...sources], { timeoutMs: 300_000, signal });
    return file;
  }

  /** By the name that pods use. */
  async has(node: string, name: string): Promise<boolean> {
    return (await this.#list(node)).has(canonicalImage(name));
  }

  /** Of these images, those that the node does not have in this very version. */
  async missing(node: string, sources: readonly string[]): Promise<string[]> {
    const { docker } = this.#options;
    const known = new Set((await this.#list(node)).keys());
    const marks = await Promise.all(sources.map(async (source) => [source, await this.#mark(docker, source)] as const));
    return marks.filter(([, mark]) => !known.has(mark)).map(([source]) => source);
  }

  async load(cluster: string, node: string, file: string, sources: readonly string[]): Promise<void> {
    const { run, docker, log, signal } = this.#options;
    log.info('images are loaded', { cluster, images: sources });
    await new KindCli(run).loadArchive(cluster, file, { signal });
    for (const source of sources) await this.#tag(node, canonicalImage(source), await this.#mark(docker, source));
    rmSync(file, { force: true });
  }

  /**
   * Gives loaded images the names that pods use, by tag and by digest.
   * @returns digests by the pods' names
   */
  async name(node: string, preloads: readonly Preload[]): Promise<Map<string, string>> {
    const digests = new Map<string, string>();
    const known = await this.#list(node);
    for (const { name, source } of preloads) {
      const loaded = await this.#mark(this.#options.docker, source);
      const digest = known.get(loaded) ?? '';
      const { repository } = parseImageName(name);
      for (const wanted of [canonicalImage(name), `${repository}@${digest}`]) {
        if (known.get(wanted) !== digest) await this.#tag(node, loaded, wanted);
      }
      digests.set(name, digest);
    }
    return digests;
  }

  /** A name that says which image it is, whatever else is called the same later. */
  async #mark(docker: Docker, source: string): Promise<string> {
    return `${LOADED}:${((await docker.imageId(source)) ?? '').replace('sha256:', '').slice(0, 32)}`;
  }

  /** Digests by name. */
  async #list(node: string): Promise<Map<string, string>> {
    const text = await this.#options.docker.exec(node, [...CTR, 'list']);
    const rows = text
      .split('\n')
      .slice(1)
      .map((line) => line.split(/\s+/));
    return new Map(rows.flatMap(([name, , digest]) => (name && digest ? [[name, digest] as const] : [])));
  }

  async #tag(node: string, from: string, to: string): Promise<void> {
    await this.#options.docker.exec(node, [...CTR, 'tag', '--force', from, to]);
  }
}
