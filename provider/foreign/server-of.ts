import { sameAddress } from '../../core/protocol/address.ts';
import type { AssetService } from '../asset/asset.ts';
import type { Environment } from '../compute/environments.ts';
import type { FileObject } from '../files/file-object.ts';
import { decryptFiles } from '../files/service-files.ts';
import type { Checked } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import type { ForeignProvider, ForeignProviders } from './foreign-providers.ts';
import { reason } from './foreign-providers.ts';

export interface ServedFiles {
  /** None where another Provider serves them. */
  readonly files: readonly FileObject[];
  /** Who serves the files; undefined: this Provider. */
  readonly foreign: ForeignProvider | undefined;
}

/**
 * The files, or who else serves them. Whether its document lets the algorithm compute on them is checked here in any case:
 * the document is on the chain, whoever encrypted it.
 */
export async function serverOf(
  source: AssetService,
  field: string,
  { environment, foreign }: { readonly environment: Environment; readonly foreign: Pick<ForeignProviders, 'find'> },
): Promise<Checked<ServedFiles>> {
  const files = await decryptFiles(source);
  if (files.ok) return passed({ files: files.value, foreign: undefined });
  const { code } = files.reason;
  const found = code === 'FILES_UNDECRYPTABLE' ? await foreign.find(source, field) : passed(undefined);
  if (!found.ok) return found;
  if (!found.value)
    return refuse({ ...files.reason, field: `${field}.serviceId`, classic: 'compute_services_not_in_same_provider' });
  const { address } = found.value;
  if (environment.inputProviders.some((one) => sameAddress(one, address)))
    return passed({ files: [], foreign: found.value });
  const message = `The operator of ${environment.id} fetches no files from the Provider ${address}.`;
  return refuse(reason('FOREIGN_PROVIDER_NOT_ALLOWED', field, 'operator.inputProviders', message));
}
