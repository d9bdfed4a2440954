import { accessSync, constants, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { WavetankError, messageOf } from '../../core/errors.ts';
import type { Endpoints } from '../running-testbed.ts';
import {
  endpointsText,
  environmentFile,
  isEndpointsText,
  isEnvironmentFile,
  writePrivateFile,
} from '../testbed/endpoints.ts';
import { noteOutsideFile } from '../testbed/outside-notes.ts';

/** Files of the user's choice that say where everything is, for as long as it runs. */
export interface EndpointFiles {
  /** Into the folder of the instance it is noted for `wavetank down`, should this process be killed. */
  write(endpoints: Endpoints, instanceFolder: string): void;
  /** Those that are still as they were written. */
  remove(): void;
}

interface Kind {
  readonly textOf: (endpoints: Endpoints) => string;
  readonly isOurs: (text: string) => boolean;
}

const AS_JSON: Kind = { textOf: endpointsText, isOurs: isEndpointsText };
const AS_VARIABLES: Kind = { textOf: environmentFile, isOurs: isEnvironmentFile };

/**
 * Looks at the places before anything is started. One that a killed testbed left is taken over.
 * @throws WavetankError FILE_TAKEN, FILE_UNWRITABLE (usage)
 */
export function endpointFiles(flags: { readonly endpoints?: string; readonly envFile?: string }): EndpointFiles {
  const files = new Map<string, Kind>();
  if (flags.endpoints !== undefined) files.set(path.resolve(flags.endpoints), AS_JSON);
  if (flags.envFile !== undefined) files.set(path.resolve(flags.envFile), AS_VARIABLES);
  for (const [file, { isOurs }] of files) claim(file, isOurs);
  const written = new Map<string, string>();
  return {
    write(endpoints, instanceFolder) {
      for (const [file, { textOf }] of files) {
        noteOutsideFile(instanceFolder, file, textOf(endpoints));
        writePrivateFile(file, textOf(endpoints));
        written.set(file, textOf(endpoints));
      }
    },
    remove() {
      for (const [file, text] of written) if (textIn(file) === text) rmSync(file, { force: true });
    },
  };
}

function claim(file: string, isOurs: (text: string) => boolean): void {
  try {
    accessSync(path.dirname(file), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new WavetankError('FILE_UNWRITABLE', `${file} cannot be written: ${messageOf(error)}`, { category: 'usage' });
  }
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return;
  if (isOurs(textIn(file) ?? '')) return;
  throw new WavetankError('FILE_TAKEN', `${file} is there already, and wavetank did not write it.`, {
    category: 'usage',
    hint: 'It would be overwritten now and removed at the end: name another file.',
  });
}

/** Undefined for what is no file, or is gone. */
function textIn(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
