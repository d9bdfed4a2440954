import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { arch, version as nodeVersion } from 'node:process';
import { dirname } from 'node:path';
import { WavetankError } from '../../../../core/errors.ts';
import type { ImageRoot } from '../launcher/launcher.ts';

/** An image this machine can run: some of its own directories, read-only. */
export interface CatalogueImage {
  /** `repository` names that mean it, tags are free unless `tags` lists them. */
  readonly repositories: readonly string[];
  readonly tags?: readonly string[];
  readonly root: ImageRoot;
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir: string;
  /** As the image's own configuration: 0 is root. */
  readonly uid: number;
  readonly gid: number;
  /** `sha256:…`, the same for the same content description. */
  readonly digest: string;
}

export interface ImageCatalogue {
  /** @throws WavetankError IMAGE_NOT_FOUND in a registry's words. */
  resolve(reference: string): CatalogueImage;
  /** The digest a DDO names for an image of the catalogue. */
  digestOf(reference: string): string;
  readonly images: readonly CatalogueImage[];
  /** Which stand-ins were used so far, for the report. */
  readonly standIns: readonly string[];
}

export interface CatalogueOptions {
  /** The Node binary that `node` images run. */
  readonly nodePath: string;
  /** The folder that the product's own pod image has at /app. */
  readonly podsAppDir?: string;
  /** `NAME[:TAG][@DIGEST]=LOCAL`: a name of the catalogue, or a directory that is a root file system. */
  readonly standIns?: readonly string[];
}

const SYSTEM_LINKS = {
  '/bin': 'usr/bin',
  '/sbin': 'usr/sbin',
  '/lib': 'usr/lib',
  '/lib64': 'usr/lib64',
  // As in images of Debian. Without it the first date of a Node takes 15 ms, in which it looks through all zones.
  '/etc/localtime': '/usr/share/zoneinfo/Etc/UTC',
} as const;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Host files that programs of the system need and that tell nothing about the host. */
const SYSTEM_FILES = ['/etc/ld.so.cache', '/etc/alternatives', '/etc/ssl/certs'];

export function createImageCatalogue(options: CatalogueOptions): ImageCatalogue {
  const base = [
    systemMount(),
    ...SYSTEM_FILES.filter(existsSync).map((path) => ({ source: path, target: path, isFile: statSync(path).isFile() })),
  ];
  const nodeMount = { source: dirname(options.nodePath), target: '/usr/local/bin' };
  const shell = image(['debian', 'busybox', 'alpine', 'ubuntu', 'bash'], [...base], ['/bin/sh'], {});
  const node = image(['node'], [...base, nodeMount], ['node'], { NODE_VERSION: nodeVersion.slice(1) });
  const images = [shell, node];
  if (options.podsAppDir !== undefined) {
    const app = { source: options.podsAppDir, target: '/app' };
    images.push({
      ...image(['wavetank/pods'], [...base, nodeMount, app], ['node'], { NODE_VERSION: nodeVersion.slice(1) }),
      workingDir: '/app',
    });
  }
  const python = pythonMounts();
  if (python) images.push(image(['python'], [...base, ...python], ['python3'], {}));
  const standIns = (options.standIns ?? []).map(parseStandIn);
  const used = new Set<string>();
  const find = (reference: string): CatalogueImage => {
    const asked = parseReference(reference);
    const standIn = standIns.find((each) => matches(each.asked, asked));
    if (standIn) {
      used.add(standIn.text);
      const local = standIn.local.startsWith('/')
        ? directoryImage(standIn.local, asked.repository)
        : findIn(images, parseReference(standIn.local));
      // The stand-in answers to the digest that was asked for: that is what it stands in for.
      return { ...local, digest: asked.digest ?? standIn.asked.digest ?? local.digest };
    }
    return findIn(images, asked);
  };
  return {
    images,
    resolve: find,
    digestOf: (reference) => find(reference).digest,
    get standIns() {
      return [...used];
    },
  };
}

function findIn(images: readonly CatalogueImage[], asked: ImageReference): CatalogueImage {
  const found = images.find((each) => each.repositories.includes(asked.repository));
  const name = canonicalName(asked);
  if (!found) throw notFound(name, 'not found');
  if (asked.digest !== undefined && asked.digest !== found.digest) throw notFound(name, 'not found: no such manifest');
  return found;
}

function notFound(name: string, why: string): WavetankError {
  const message = `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: ${why}`;
  return new WavetankError('IMAGE_NOT_FOUND', message, {
    hint: 'The embedded cluster runs local images only; --image NAME=LOCAL gives one.',
  });
}

function systemMount(): ImageRoot['mounts'][number] {
  return { source: '/usr', target: '/usr' };
}

function image(
  repositories: readonly string[],
  mounts: readonly (ImageRoot['mounts'][number] | undefined)[],
  cmd: readonly string[],
  env: Readonly<Record<string, string>>,
): CatalogueImage {
  const root: ImageRoot = { mounts: mounts.filter((mount) => mount !== undefined), links: SYSTEM_LINKS };
  const identity = JSON.stringify({
    repositories,
    arch,
    env,
    cmd,
    targets: root.mounts.map((mount) => mount.target).toSorted(),
  });
  return {
    repositories,
    root,
    env: { PATH, ...env },
    entrypoint: [],
    cmd,
    workingDir: '/',
    uid: 0,
    gid: 0,
    digest: sha256(identity),
  };
}

function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function pythonMounts(): readonly ImageRoot['mounts'][number][] | undefined {
  return existsSync('/usr/bin/python3') ? [] : undefined;
}

/** A root file system unpacked on this machine. Its top-level directories become the container's. */
function directoryImage(directory: string, repository: string): CatalogueImage {
  const top = ['usr', 'bin', 'sbin', 'lib', 'lib64', 'etc', 'opt', 'app', 'srv'].filter((name) =>
    existsSync(`${directory}/${name}`),
  );
  const mounts = top.map((name) => ({ source: `${directory}/${name}`, target: `/${name}` }));
  const identity = JSON.stringify({ repository, directory });
  return {
    repositories: [repository],
    root: { mounts, links: {} },
    env: { PATH },
    entrypoint: [],
    cmd: ['/bin/sh'],
    workingDir: '/',
    uid: 0,
    gid: 0,
    digest: sha256(identity),
  };
}

export interface ImageReference {
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** `docker.io/library/node:20@sha256:…` and its short forms. @throws WavetankError IMAGE_NAME_INVALID */
export function parseReference(reference: string): ImageReference {
  const match =
    /^([a-z0-9]+(?:[._:/-]+[a-z0-9]+)*?)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(
      reference,
    );
  if (!match?.[1])
    throw new WavetankError('IMAGE_NAME_INVALID', `couldn't parse image name "${reference}": invalid reference format`);
  return {
    repository: match[1].replace(/^(?:docker\.io|index\.docker\.io)\//, '').replace(/^library\//, ''),
    tag: match[2],
    digest: match[3],
  };
}

function canonicalName(asked: ImageReference): string {
  const host = /^[^/]*[.:][^/]*\//.test(asked.repository)
    ? ''
    : asked.repository.includes('/')
      ? 'docker.io/'
      : 'docker.io/library/';
  return `${host}${asked.repository}${asked.digest === undefined ? `:${asked.tag ?? 'latest'}` : `@${asked.digest}`}`;
}

interface StandIn {
  readonly text: string;
  readonly asked: ImageReference;
  readonly local: string;
}

/** @throws WavetankError IMAGE_STAND_IN_INVALID */
function parseStandIn(text: string): StandIn {
  const at = text.lastIndexOf('=');
  if (at <= 0 || at === text.length - 1) {
    throw new WavetankError('IMAGE_STAND_IN_INVALID', `"${text}" is not NAME[:TAG][@DIGEST]=LOCAL.`, {
      category: 'usage',
    });
  }
  const local = text.slice(at + 1);
  if (local.startsWith('/') && !existsSync(local)) {
    throw new WavetankError('IMAGE_STAND_IN_INVALID', `There is no directory ${local}.`, { category: 'usage' });
  }
  return { text, asked: parseReference(text.slice(0, at)), local };
}

function matches(standIn: ImageReference, asked: ImageReference): boolean {
  if (standIn.repository !== asked.repository) return false;
  if (standIn.digest !== undefined && asked.digest !== undefined) return standIn.digest === asked.digest;
  return standIn.tag === undefined || asked.tag === undefined || standIn.tag === asked.tag;
}
