import { filesChecksum, containerSectionChecksum } from '../../core/protocol/checksums.ts';
import { checkConsumable } from '../access/consumable.ts';
import { checkConsumerParameters } from '../access/consumer-parameters.ts';
import { checkDatatoken } from '../access/datatoken.ts';
import { checkRawAlgorithm, checkTrustedAlgorithm } from '../access/trusted-algorithms.ts';
import type { Asset, AssetService } from '../asset/asset.ts';
import { findService } from '../asset/asset.ts';
import type { AccessDecision, Checked, Reason } from '../refusal.ts';
import { ALLOWED, passed, refuse } from '../refusal.ts';
import type { ForeignProviders } from '../foreign/foreign-providers.ts';
import { serverOf } from '../foreign/server-of.ts';
import type { Environment } from './environments.ts';
import type { DatasetInput } from './job-request.ts';
import { datasetField } from './job-request.ts';
import type { PreparedAlgorithm, PreparedDataset } from './prepared-job.ts';

/** A dataset whose asset was found; what remains to be checked depends on the algorithm. */
export interface LocatedDataset {
  readonly field: string;
  readonly input: DatasetInput;
  readonly source: AssetService;
}

export function locateDataset(input: DatasetInput, asset: Asset, index: number): Checked<LocatedDataset> {
  const field = datasetField(index);
  const source = findService(asset, input.serviceId ?? '', `${field}.serviceId`);
  return source.ok ? passed({ field, input, source: source.value }) : source;
}

export interface DatasetContext {
  readonly consumer: string;
  readonly environment: Environment;
  readonly foreign: Pick<ForeignProviders, 'find'>;
  readonly algorithm: PreparedAlgorithm;
  /** A quote may leave the consumer's parameters out; a start may not. */
  readonly isStart: boolean;
}

/** Checks 5 to 9 of the classic order: consumable, service type, own files, algorithm allowed; then the parameters. */
export async function prepareDataset(
  located: LocatedDataset,
  index: number,
  { consumer, environment, foreign, algorithm, isStart }: DatasetContext,
): Promise<Checked<PreparedDataset>> {
  const { field, source, input } = located;
  const { asset, service } = source;
  const consumable = checkConsumable(asset, service, consumer, field);
  if (!consumable.allowed) return refuse(consumable);
  const datatoken = await checkDatatoken(source, `${field}.serviceId`);
  if (!datatoken.allowed) return refuse(datatoken);
  if (index === 0 && service.type !== 'compute') {
    return refuse(
      serviceReason(
        field,
        'dataset.mainService',
        'The main dataset needs a service of type compute.',
        'main_service_compute',
      ),
    );
  }
  const served = await serverOf(source, field, { environment, foreign });
  if (!served.ok) return served;
  const allowed = checkAlgorithmFor(source, algorithm, field);
  if (!allowed.allowed) return refuse(allowed);
  if (isStart || input.userdata !== undefined) {
    const parameters = checkConsumerParameters(service.consumerParameters, input.userdata, `${field}.userdata`);
    if (!parameters.allowed) return refuse(parameters);
  }
  return passed({
    field,
    source,
    ...served.value,
    transferTxId: input.transferTxId ?? undefined,
    userdata: input.userdata,
  });
}

/** An additional dataset of type access was sold without conditions on what is computed with it. */
export function checkAlgorithmFor(
  { service }: AssetService,
  algorithm: PreparedAlgorithm,
  field: string,
): AccessDecision {
  if (service.type === 'access') return ALLOWED;
  if (!service.compute) {
    return {
      allowed: false,
      ...serviceReason(
        field,
        'dataset.compute',
        'The compute service has no compute section.',
        'service_not_access_compute',
      ),
    };
  }
  if (algorithm.kind === 'raw') return checkRawAlgorithm(service.compute, field);
  const { asset, service: algorithmService } = algorithm.source;
  const identity = {
    did: asset.did,
    serviceId: algorithmService.id,
    owner: asset.owner,
    filesChecksum: filesChecksum(algorithm.digests.map(({ checksum }) => checksum)),
    containerSectionChecksum: containerSectionChecksum(algorithm.container),
  };
  return checkTrustedAlgorithm(service.compute, identity, field);
}

/** Whether this dataset's list looks at the algorithm's bytes. */
export function comparesFiles({ source }: LocatedDataset): boolean {
  const listed = source.service.compute?.publisherTrustedAlgorithms;
  return Array.isArray(listed) && listed.some((entry) => entry.filesChecksum !== '');
}

function serviceReason(field: string, rule: string, message: string, classic: string): Reason {
  return { code: 'SERVICE_TYPE', field: `${field}.serviceId`, rule, message, classic };
}
