import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { WavetankError, messageOf } from '../../core/errors.ts';
import { makeFolder } from '../../core/make-folder.ts';
import type { ProcessOwner } from '../../core/process/process-owner.ts';
import { stateOf, thisProcess } from '../../core/process/process-owner.ts';
import { removeWhatLiesOutside } from './outside-notes.ts';

const OWNER_FILE = 'owner.json';
/** Folders of the state root that belong to no instance. */
const SHARED_FOLDERS = new Set(['cluster', 'kind', 'storage', 'pods-app', 'reports', 'compile-cache']);

export interface InstanceFolder {
  readonly path: string;
  remove(): void;
}

/**
 * Makes the folder of one testbed, for its owner's eyes only.
 * @throws WavetankError INSTANCE_RUNNING (usage) when a living process has it; STATE_UNWRITABLE (environment)
 */
export function claimInstanceFolder(stateRoot: string, instance: string): InstanceFolder {
  const folder = path.join(stateRoot, instance);
  if (SHARED_FOLDERS.has(instance))
    throw new WavetankError('CONFIG_INVALID', `"${instance}" is no name for a testbed.`);
  try {
    makeFolder(stateRoot);
  } catch (error) {
    throw unwritable(stateRoot, error);
  }
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw unwritable(stateRoot, error);
    throw new WavetankError('INSTANCE_RUNNING', `A testbed called "${instance}" has ${folder}.`, {
      category: 'usage',
      hint: '`wavetank down` ends it and removes what is left of it.',
    });
  }
  chmodSync(folder, 0o700);
  writeFileSync(path.join(folder, OWNER_FILE), JSON.stringify(thisProcess()), { mode: 0o600 });
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }) };
}

/** STATE_UNWRITABLE (environment). */
export function unwritable(stateRoot: string, cause: unknown): WavetankError {
  return new WavetankError('STATE_UNWRITABLE', `Nothing can be kept in ${stateRoot}: ${messageOf(cause)}`, {
    category: 'environment',
    hint: 'Run it in a folder that is yours, or name one with --state DIR.',
  });
}

export interface InstanceFinding {
  readonly instance: string;
  readonly path: string;
  readonly owner: ProcessOwner | undefined;
  /** `unknown`: of a process of another container that has this folder, too. */
  readonly state: ReturnType<typeof stateOf>;
}

export function findInstances(stateRoot: string): InstanceFinding[] {
  if (!existsSync(stateRoot)) return [];
  return readdirSync(stateRoot, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !SHARED_FOLDERS.has(entry.name))
    .filter((entry) => existsSync(path.join(stateRoot, entry.name, OWNER_FILE)))
    .map(({ name }) => {
      const folder = path.join(stateRoot, name);
      const owner = readOwner(folder);
      return { instance: name, path: folder, owner, state: owner === undefined ? 'dead' : stateOf(owner) };
    });
}

/** Removes the folders of testbeds whose process is gone: endpoints with dead addresses, their objects, their databases, and what they noted outside. */
export function removeDeadInstances(stateRoot: string): string[] {
  const dead = findInstances(stateRoot).filter(({ state }) => state === 'dead');
  for (const instance of dead) {
    removeWhatLiesOutside(instance.path);
    rmSync(instance.path, { recursive: true, force: true, maxRetries: 3 });
  }
  return dead.map(({ instance }) => instance);
}

function readOwner(folder: string): ProcessOwner | undefined {
  try {
    return JSON.parse(readFileSync(path.join(folder, OWNER_FILE), 'utf8')) as ProcessOwner;
  } catch {
    return undefined;
  }
}
