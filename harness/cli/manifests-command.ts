import { readFileSync } from 'node:fs';
import { WavetankError } from '../../core/errors.ts';
import { CUSTOM_RESOURCE_DEFINITIONS } from '../../engine/kubernetes/objects.ts';
import { operatorManifests, renderManifests } from '../../engine/deploy/render.ts';
import { parseDeploySettings } from '../../engine/deploy/settings.ts';
import { EXIT } from '../report/exit-code.ts';
import type { Terminal } from './terminal.ts';

export type ManifestsPart = 'definitions' | 'operator' | 'all';

/** Prints what a cluster owner applies. Nothing is sent anywhere. */
export async function manifestsCommand(file: string, part: ManifestsPart, { stdout }: Terminal): Promise<number> {
  const all = operatorManifests(parseDeploySettings(readSettings(file)));
  const isDefinition = ({ resource }: (typeof all)[number]): boolean => resource === CUSTOM_RESOURCE_DEFINITIONS;
  const wanted = all.filter((one) => part === 'all' || isDefinition(one) === (part === 'definitions'));
  stdout.write(renderManifests(wanted));
  return EXIT.ok;
}

function readSettings(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new WavetankError('SETTINGS_MISSING', `The settings ${file} cannot be read.`, {
      category: 'usage',
      hint: 'docs/operator.md shows such a file.',
    });
  }
}
