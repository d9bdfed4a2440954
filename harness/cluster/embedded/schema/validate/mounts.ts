import type { Causes, Json } from './field-causes.ts';
import { checkOneOf, child, forbidden, invalid, list, notFound, notSupported, required, text } from './field-causes.ts';
import { checkRelativePath } from './volumes.ts';

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];

/** `volumeMounts` and `volumeDevices` of a container. */
export function checkMounts(causes: Causes, field: string, container: Json, volumes: ReadonlyMap<string, Json>): void {
  const paths = new Set<string>();
  for (const [index, mount] of list(container, 'volumeMounts').entries()) {
    const at = `${field}.volumeMounts[${index}]`;
    const name = text(mount, 'name');
    if (name === '') causes.push(required(`${at}.name`));
    if (!volumes.has(name)) causes.push(notFound(`${at}.name`, name));
    const path = text(mount, 'mountPath');
    if (path === '') causes.push(required(`${at}.mountPath`));
    if (paths.has(path)) causes.push(invalid(`${at}.mountPath`, path, 'must be unique'));
    paths.add(path);
    for (const device of list(container, 'volumeDevices')) {
      if (text(device, 'name') === name)
        causes.push(invalid(`${at}.name`, name, 'must not already exist in volumeDevices'));
      if (text(device, 'devicePath') === path)
        causes.push(invalid(`${at}.mountPath`, path, 'must not already exist as a path in volumeDevices'));
    }
    checkSubPath(causes, `${field}.volumeMounts`, at, mount);
    checkPropagation(causes, `${field}.volumeMounts`, container, mount);
  }
  checkDevices(causes, field, container, volumes);
}

/** The server leaves the index out in most of these. */
function checkSubPath(causes: Causes, field: string, at: string, mount: Json): void {
  const subPath = text(mount, 'subPath');
  const expression = text(mount, 'subPathExpr');
  if (subPath !== '') checkRelativePath(causes, `${field}.subPath`, subPath);
  if (expression === '') return;
  if (subPath !== '')
    causes.push(invalid(`${at}.subPathExpr`, expression, 'subPathExpr and subPath are mutually exclusive'));
  checkRelativePath(causes, `${field}.subPathExpr`, expression);
}

function checkPropagation(causes: Causes, field: string, container: Json, mount: Json): void {
  const propagation = mount['mountPropagation'];
  checkOneOf(causes, `${field}.mountPropagation`, propagation, PROPAGATIONS);
  if (propagation === 'Bidirectional' && child(container, 'securityContext')?.['privileged'] !== true) {
    causes.push(
      forbidden(
        `${field}.mountPropagation`,
        'Bidirectional mount propagation is available only to privileged containers',
      ),
    );
  }
  const recursive = mount['recursiveReadOnly'];
  if (recursive === undefined || recursive === 'Disabled') return;
  const at = `${field}.recursiveReadOnly`;
  if (recursive !== 'Enabled' && recursive !== 'IfPossible') {
    causes.push(notSupported(at, recursive, ['Disabled', 'Enabled', 'IfPossible']));
    return;
  }
  if (mount['readOnly'] !== true) causes.push(forbidden(at, 'may only be specified when readOnly is true'));
  if (propagation !== undefined && propagation !== 'None') {
    causes.push(forbidden(at, 'may only be specified when mountPropagation is None or not specified'));
  }
}

function checkDevices(causes: Causes, field: string, container: Json, volumes: ReadonlyMap<string, Json>): void {
  const [names, paths] = [new Set<string>(), new Set<string>()];
  for (const [index, device] of list(container, 'volumeDevices').entries()) {
    const at = `${field}.volumeDevices[${index}]`;
    const name = text(device, 'name');
    const volume = volumes.get(name);
    if (name === '') causes.push(required(`${at}.name`));
    if (!volume) causes.push(notFound(`${at}.name`, name));
    else if (volume['persistentVolumeClaim'] === undefined && volume['ephemeral'] === undefined) {
      causes.push(
        invalid(
          `${at}.name`,
          name,
          'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
        ),
      );
    }
    if (name !== '' && names.has(name)) causes.push(invalid(`${at}.name`, name, 'must be unique'));
    names.add(name);
    const path = text(device, 'devicePath');
    if (path === '') causes.push(required(`${at}.devicePath`));
    if (paths.has(path)) causes.push(invalid(`${at}.devicePath`, path, 'must be unique'));
    if (path.split('/').includes('..'))
      causes.push(invalid(`${at}.devicePath`, path, "can not contain backsteps ('..')"));
    else paths.add(path);
    for (const mount of list(container, 'volumeMounts')) {
      if (text(mount, 'name') === name)
        causes.push(invalid(`${at}.name`, name, 'must not already exist in volumeMounts'));
      if (text(mount, 'mountPath') === path)
        causes.push(invalid(`${at}.devicePath`, path, 'must not already exist as a path in volumeMounts'));
    }
  }
}
