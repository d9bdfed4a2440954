import { WavetankError } from '../../../core/errors.ts';

export interface ImageName {
  /** With its registry: `docker.io/library/node`. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** `node:24`, `quay.io/a/b@sha256:…`. @throws WavetankError IMAGE_NAME_INVALID (usage) */
export function parseImageName(text: string): ImageName {
  const match =
    /^((?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(
      text,
    );
  const [, name, tag, digest] = match ?? [];
  if (name === undefined)
    throw new WavetankError('IMAGE_NAME_INVALID', `"${text}" is no name of an image.`, { category: 'usage' });
  return { repository: withRegistry(name), tag, digest };
}

/** As container runtimes know it: registry, repository and a tag or a digest. */
export function canonicalImage(text: string): string {
  const { repository, tag, digest } = parseImageName(text);
  return digest === undefined ? `${repository}:${tag ?? 'latest'}` : `${repository}@${digest}`;
}

function withRegistry(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (rest.length === 0) return `docker.io/library/${name}`;
  return /[.:]|^localhost$/.test(first) ? name : `docker.io/${name}`;
}
