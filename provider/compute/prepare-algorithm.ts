import { checkConsumable } from '../access/consumable.ts';
import { checkConsumerParameters } from '../access/consumer-parameters.ts';
import { checkContainer } from '../access/container.ts';
import { checkDatatoken } from '../access/datatoken.ts';
import type { Asset, AssetService } from '../asset/asset.ts';
import { findService } from '../asset/asset.ts';
import { hashFile } from '../files/checksums.ts';
import type { FileDigest } from '../files/checksums.ts';
import type { FileObject } from '../files/file-object.ts';
import type { FileSource } from '../files/file-source.ts';
import { hashedInPlace } from '../files/unsigned-hashing.ts';
import type { ForeignProviders } from '../foreign/foreign-providers.ts';
import { reason as foreignReason } from '../foreign/foreign-providers.ts';
import type { ServedFiles } from '../foreign/server-of.ts';
import { serverOf } from '../foreign/server-of.ts';
import type { Places } from '../places.ts';
import type { AccessDecision, Checked, Reason } from '../refusal.ts';
import { ALLOWED, passed, refuse } from '../refusal.ts';
import type { AlgorithmInput } from './job-request.ts';
import type { Environment } from './environments.ts';
import type { AlgorithmDigest, PreparedAlgorithm, PublishedAlgorithm } from './prepared-job.ts';

export interface AlgorithmContext {
  /** The published algorithm's asset, being looked up; undefined for raw code. */
  readonly asset: Promise<Checked<Asset>> | undefined;
  readonly source: FileSource;
  readonly environment: Environment;
  readonly foreign: Pick<ForeignProviders, 'find' | 'files'>;
  readonly consumer: string;
  /** Where quotes that hash files wait: nobody signed for them. */
  readonly checksums: Places;
  readonly maxChecksumBytes: number;
  /** False when no dataset compares the files: then an unsigned quote reads none. */
  readonly needsDigests: boolean;
  /** A quote may leave the consumer's parameters out; a start may not. */
  readonly isStart: boolean;
}

export function prepareAlgorithm(
  input: AlgorithmInput,
  context: AlgorithmContext,
): Promise<Checked<PreparedAlgorithm>> {
  if (context.asset) return preparePublished(input, context.asset, context);
  return Promise.resolve(prepareRaw(input));
}

async function preparePublished(
  input: AlgorithmInput,
  found: Promise<Checked<Asset>>,
  context: AlgorithmContext,
): Promise<Checked<PreparedAlgorithm>> {
  const asset = await found;
  if (!asset.ok) return refuse({ ...asset.reason, field: 'algorithm', classic: 'did_not_found' });
  const { metadata } = asset.value.ddo;
  if (metadata.type !== 'algorithm' || !metadata.algorithm) {
    return algorithmRefusal('ALGORITHM_TYPE', 'algorithm', 'algorithm.type', 'The asset is no algorithm.', 'not_algo');
  }
  if (!input.serviceId) {
    return algorithmRefusal(
      'INVALID_REQUEST',
      'algorithm.serviceId',
      'request.field',
      'The algorithm needs a serviceId.',
      'missing',
    );
  }
  const source = findService(asset.value, input.serviceId, 'algorithm.serviceId');
  if (!source.ok) return source;
  const consumable = checkConsumable(asset.value, source.value.service, context.consumer, 'algorithm.credentials');
  if (!consumable.allowed) return refuse(consumable);
  const datatoken = await checkDatatoken(source.value, 'algorithm.serviceId');
  if (!datatoken.allowed) return refuse(datatoken);
  const container = checkContainer(metadata.algorithm.container, 'algorithm.container');
  if (!container.ok) return container;
  const parameters = checkParameters(input, source.value, context.isStart);
  if (!parameters.allowed) return refuse(parameters);
  const served = await serverOf(source.value, 'algorithm', context);
  if (!served.ok) {
    const isElsewhere = /^(FILES_UNDECRYPTABLE|FOREIGN_.*)$/.test(served.reason.code);
    return refuse({
      ...served.reason,
      field: 'algorithm',
      classic: isElsewhere ? 'compute_services_not_in_same_provider' : 'file_unavailable',
    });
  }
  const digests = context.needsDigests ? await digestsOf(source.value, served.value, context) : passed([]);
  if (!digests.ok) return refuse({ ...digests.reason, field: 'algorithm', classic: 'file_unavailable' });
  const published: PublishedAlgorithm = {
    kind: 'published',
    source: source.value,
    ...served.value,
    digests: digests.value,
    container: container.value,
    transferTxId: input.transferTxId ?? undefined,
    userdata: input.userdata ?? input.algouserdata,
    customData: input.algocustomdata,
  };
  return passed(published);
}

/** `userdata` is the service's, as with datasets; `algocustomdata` is what the algorithm itself declares and reads. */
function checkParameters(input: AlgorithmInput, { asset, service }: AssetService, isStart: boolean): AccessDecision {
  const userdata = input.userdata ?? input.algouserdata;
  if (isStart || userdata !== undefined) {
    const decision = checkConsumerParameters(service.consumerParameters, userdata, 'algorithm.userdata');
    if (!decision.allowed) return decision;
  }
  const customData = input.algocustomdata;
  if (!isStart && customData === undefined) return ALLOWED;
  const { algorithm } = asset.ddo.metadata;
  const declared = [...(algorithm?.consumerParameters ?? []), ...(algorithm?.container.consumerParameters ?? [])];
  return checkConsumerParameters(declared, customData, 'algorithm.algocustomdata');
}

/**
 * Another Provider's word is enough here: pod-configure holds the bytes against it, and the list of the dataset is held against it
 * as well, so that a lie ends in no run.
 */
async function digestsOf(
  source: AssetService,
  { files, foreign: provider }: ServedFiles,
  context: AlgorithmContext,
): Promise<Checked<readonly AlgorithmDigest[]>> {
  if (!provider && context.isStart) return hashAll(files, context);
  if (!provider) {
    const hashed = await hashedInPlace(context.checksums, () => hashAll(files, context));
    return hashed.ok ? hashed.value : hashed;
  }
  const told = await context.foreign.files(source, provider, { checksums: true }, 'algorithm');
  if (!told.ok) return told;
  const digests = told.value.flatMap(({ checksum, length }) => (checksum === undefined ? [] : [{ checksum, length }]));
  if (digests.length === told.value.length) return passed(digests);
  const message = "The algorithm's Provider does not tell the checksum of its files.";
  return refuse(foreignReason('FOREIGN_PROVIDER_REFUSED', 'algorithm', 'foreign.checksum', message));
}

async function hashAll(
  files: readonly FileObject[],
  { source, maxChecksumBytes }: AlgorithmContext,
): Promise<Checked<readonly FileDigest[]>> {
  const digests: FileDigest[] = [];
  for (const file of files) {
    const digest = await hashFile(source, file, { maxBytes: maxChecksumBytes });
    if (!digest.ok) return digest;
    digests.push(digest.value);
  }
  return passed(digests);
}

/** A URL instead of code would be fetched by us on a stranger's word (T3): raw algorithms bring their code along. */
function prepareRaw(input: AlgorithmInput): Checked<PreparedAlgorithm> {
  if (!input.meta) {
    return algorithmRefusal(
      'ALGORITHM_MISSING',
      'algorithm',
      'algorithm.present',
      'The job names no algorithm.',
      'missing_meta_documentId',
    );
  }
  const { rawcode, container } = input.meta;
  if (!rawcode) {
    return algorithmRefusal(
      'RAW_ALGORITHM_EMPTY',
      'algorithm',
      'algorithm.rawcode',
      'The raw algorithm needs rawcode.',
      'meta_oneof_url_rawcode_remote',
    );
  }
  const checked = checkContainer(container, 'algorithm.container');
  if (!checked.ok) return checked;
  return passed({
    kind: 'raw',
    rawcode,
    container: checked.value,
    userdata: input.userdata ?? input.algouserdata,
    customData: input.algocustomdata ?? input.meta['algocustomdata'],
  });
}

function algorithmRefusal(
  code: Reason['code'],
  field: string,
  rule: string,
  message: string,
  classic: string,
): Checked<never> {
  return refuse({ code, field, rule, message, classic });
}
