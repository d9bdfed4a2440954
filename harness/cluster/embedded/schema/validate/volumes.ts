import type { Causes, Json } from './field-causes.ts';
import {
  checkName,
  checkOneOf,
  child,
  duplicate,
  forbidden,
  invalid,
  list,
  number,
  required,
  text,
} from './field-causes.ts';
import { checkFieldReference, checkResourceReference } from './field-references.ts';
import { dnsLabel, dnsSubdomain } from './names.ts';
import { quantityOf } from './resources.ts';
import { checkClaimSpec } from './storage.ts';

/** In the order in which the server looks at them: the second one found is the one it refuses. */
const SOURCES = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
];
const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
const VOLUME_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
const SHORTEST_TOKEN_SECONDS = 600;

/** @returns the sound volumes by name: what a mount may name. */
export function checkVolumes(causes: Causes, field: string, volumes: readonly Json[]): ReadonlyMap<string, Json> {
  const sound = new Map<string, Json>();
  for (const [index, volume] of volumes.entries()) {
    const at = `${field}[${index}]`;
    const own: Causes = [];
    checkSource(own, at, volume);
    const name = text(volume, 'name');
    if (name === '') own.push(required(`${at}.name`));
    else checkName(own, `${at}.name`, name, dnsLabel);
    if (sound.has(name)) own.push(duplicate(`${at}.name`, name));
    if (own.length === 0) sound.set(name, volume);
    causes.push(...own);
  }
  return sound;
}

function checkSource(causes: Causes, at: string, volume: Json): void {
  const [first, ...others] = SOURCES.filter((source) => volume[source] !== undefined);
  if (first === undefined) causes.push(required(at, 'must specify a volume type'));
  else SOURCE_CHECKS[first]?.(causes, `${at}.${first}`, child(volume, first) ?? {});
  for (const other of others)
    causes.push(forbidden(`${at}.${MISNAMED[other] ?? other}`, 'may not specify more than 1 volume type'));
}

/** As the real server writes them where one is too many. */
const MISNAMED: Readonly<Record<string, string>> = { downwardAPI: 'downwarAPI', cephfs: 'cephFS' };

const SOURCE_CHECKS: Readonly<Record<string, (causes: Causes, at: string, source: Json) => void>> = {
  emptyDir(causes, at, source) {
    const size = source['sizeLimit'];
    if (size !== undefined && quantityOf(size).nano < 0n) {
      causes.push(forbidden(`${at}.sizeLimit`, 'SizeLimit field must be a valid resource quantity'));
    }
  },
  hostPath(causes, at, source) {
    checkHostPath(causes, at, source);
  },
  secret(causes, at, source) {
    if (text(source, 'secretName') === '') causes.push(required(`${at}.secretName`));
    checkFiles(causes, at, source);
  },
  configMap(causes, at, source) {
    if (text(source, 'name') === '') causes.push(required(`${at}.name`));
    checkFiles(causes, at, source);
  },
  nfs(causes, at, source) {
    const path = text(source, 'path');
    if (text(source, 'server') === '') causes.push(required(`${at}.server`));
    if (path === '') causes.push(required(`${at}.path`));
    if (!path.startsWith('/')) causes.push(invalid(`${at}.path`, path, 'must be an absolute path'));
  },
  persistentVolumeClaim(causes, at, source) {
    if (text(source, 'claimName') === '') causes.push(required(`${at}.claimName`));
  },
  downwardAPI(causes, at, source) {
    checkMode(causes, `${at}.defaultMode`, number(source, 'defaultMode'));
    for (const item of list(source, 'items')) checkDownwardFile(causes, at, item);
  },
  projected(causes, at, source) {
    checkMode(causes, `${at}.defaultMode`, number(source, 'defaultMode'));
    checkProjected(causes, at, source);
  },
  csi(causes, at, source) {
    const driver = text(source, 'driver');
    if (driver === '') causes.push(required(`${at}.driver`));
    checkName(causes, `${at}.driver`, driver, dnsSubdomain);
  },
  ephemeral(causes, at, source) {
    const template = child(source, 'volumeClaimTemplate');
    if (!template) {
      causes.push(required(`${at}.volumeClaimTemplate`));
      return;
    }
    for (const name of Object.keys(child(template, 'metadata') ?? {})) {
      if (name !== 'labels' && name !== 'annotations')
        causes.push(forbidden(`${at}.volumeClaimTemplate.metadata.${name}`, 'cannot be set'));
    }
    checkClaimSpec(causes, `${at}.volumeClaimTemplate.spec`, child(template, 'spec'));
  },
};

export function checkHostPath(causes: Causes, at: string, source: Json): void {
  const path = text(source, 'path');
  if (path === '') causes.push(required(`${at}.path`));
  else checkNoBackstep(causes, `${at}.path`, path);
  checkOneOf(causes, `${at}.type`, source['type'], HOST_PATH_TYPES);
}

/** `defaultMode` and `items` of volumes that are filled from keys. */
function checkFiles(causes: Causes, at: string, source: Json): void {
  checkMode(causes, `${at}.defaultMode`, number(source, 'defaultMode'));
  for (const [index, item] of list(source, 'items').entries()) {
    const field = `${at}.items[${index}]`;
    if (text(item, 'key') === '') causes.push(required(`${field}.key`));
    if (text(item, 'path') === '') causes.push(required(`${field}.path`));
    else checkFilePath(causes, `${field}.path`, text(item, 'path'));
    checkMode(causes, `${field}.mode`, number(item, 'mode'));
  }
}

function checkMode(causes: Causes, field: string, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) {
    causes.push(invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive'));
  }
}

/** Relative, and never upwards. */
export function checkRelativePath(causes: Causes, field: string, path: string): void {
  if (path.startsWith('/')) causes.push(invalid(field, path, 'must be a relative path'));
  checkNoBackstep(causes, field, path);
}

function checkNoBackstep(causes: Causes, field: string, path: string): void {
  if (path.split('/').includes('..')) causes.push(invalid(field, path, "must not contain '..'"));
}

/** Names that begin with two dots belong to the kubelet. */
function checkFilePath(causes: Causes, field: string, path: string): void {
  checkRelativePath(causes, field, path);
  if (path.startsWith('..') && !path.startsWith('../')) causes.push(invalid(field, path, "must not start with '..'"));
}

/** The server names the volume here, not the item. */
function checkDownwardFile(causes: Causes, at: string, item: Json): void {
  const path = text(item, 'path');
  if (path === '') causes.push(required(`${at}.path`));
  else checkFilePath(causes, `${at}.path`, path);
  const fieldReference = child(item, 'fieldRef');
  const resourceReference = child(item, 'resourceFieldRef');
  if (fieldReference) {
    checkFieldReference(causes, `${at}.fieldRef`, fieldReference, VOLUME_FIELDS);
    if (resourceReference)
      causes.push(invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
  } else if (resourceReference) {
    checkResourceReference(causes, `${at}.resourceFieldRef`, resourceReference, true);
  } else {
    causes.push(required(at, 'one of fieldRef and resourceFieldRef is required'));
  }
  checkMode(causes, `${at}.mode`, number(item, 'mode'));
}

function checkProjected(causes: Causes, at: string, source: Json): void {
  const taken = new Set<string>();
  for (const [index, part] of list(source, 'sources').entries()) {
    const field = `${at}.sources[${index}]`;
    let found = 0;
    for (const kind of ['secret', 'configMap', 'downwardAPI', 'serviceAccountToken']) {
      const projection = child(part, kind);
      if (!projection) continue;
      found++;
      if (found > 1) {
        causes.push(forbidden(field, 'may not specify more than 1 volume type per source'));
        continue;
      }
      checkProjection(causes, at, `${field}.${kind}`, kind, projection);
      checkConflicts(causes, at, projection, taken);
    }
  }
}

function checkProjection(causes: Causes, volume: string, at: string, kind: string, projection: Json): void {
  if (kind === 'serviceAccountToken') {
    const seconds = number(projection, 'expirationSeconds');
    if (seconds !== undefined && seconds < SHORTEST_TOKEN_SECONDS) {
      causes.push(invalid(`${at}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes'));
    }
    if (text(projection, 'path') === '') causes.push(required(`${volume}.path`));
    else checkFilePath(causes, `${volume}.path`, text(projection, 'path'));
  } else if (kind === 'downwardAPI') {
    for (const item of list(projection, 'items')) checkDownwardFile(causes, at, item);
  } else {
    if (text(projection, 'name') === '') causes.push(required(`${at}.name`));
    checkFiles(causes, at, projection);
  }
}

/** Two sources may not write one file. */
function checkConflicts(causes: Causes, at: string, projection: Json, taken: Set<string>): void {
  const own = list(projection, 'items').map((item) => text(item, 'path'));
  if (text(projection, 'path') !== '') own.push(text(projection, 'path'));
  for (const path of own.filter((entry) => entry !== '')) {
    if (taken.has(path)) causes.push(invalid(at, text(projection, 'name'), 'conflicting duplicate paths'));
    taken.add(path);
  }
}
