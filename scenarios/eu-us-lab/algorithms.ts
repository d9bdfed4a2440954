import { readFile } from 'node:fs/promises';
import type {
  Actor,
  Answer,
  FilesHost,
  HostedFile,
  NewAlgorithm,
  PublishedAsset,
  RunningTestbed,
} from '../../harness/index.ts';
import { algorithmCatalogue, type AlgorithmName } from '../../fixtures/algorithms/catalogue.ts';

/** An algorithm with the file behind it, as its publisher has it. */
export interface PublishedAlgorithm {
  readonly asset: PublishedAsset;
  readonly file: HostedFile;
  readonly source: string;
}

/** Publishes a program of the catalogue from its owner's web server. */
export async function publishAlgorithm(
  name: AlgorithmName,
  by: { readonly actor: Actor; readonly server: FilesHost; readonly images: RunningTestbed['images'] },
  overrides: { readonly entrypoint?: string } & Partial<NewAlgorithm> = {},
): Promise<Answer<PublishedAlgorithm>> {
  const { file: path, entrypoint, description } = algorithmCatalogue[name];
  const source = await readFile(path, 'utf8');
  const file = by.server.publish(`${name}.js`, source);
  const { entrypoint: own = entrypoint, ...rest } = overrides;
  const published = await by.actor.publishAlgorithm({
    name,
    description,
    files: [file.url],
    container: { ...by.images.node, entrypoint: own },
    ...rest,
  });
  return published.ok ? { ok: true, value: { asset: published.value, file, source } } : published;
}
