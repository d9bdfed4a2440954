import type { AssetResolver } from '../asset/asset-resolver.ts';
import type { Chain } from '../chain/chains.ts';
import type { FileSource } from '../files/file-source.ts';
import type { ForeignProviders } from '../foreign/foreign-providers.ts';
import type { Places } from '../places.ts';
import type { Checked, Reason } from '../refusal.ts';
import { passed, refuse } from '../refusal.ts';
import type { Environment, Environments } from './environments.ts';
import type { DatasetInput, JobInput } from './job-request.ts';
import { datasetField } from './job-request.ts';
import { prepareAlgorithm } from './prepare-algorithm.ts';
import type { LocatedDataset } from './prepare-dataset.ts';
import { comparesFiles, locateDataset, prepareDataset } from './prepare-dataset.ts';
import type { PreparedDataset, PreparedJob } from './prepared-job.ts';

export interface JobPreparer {
  /**
   * Looks up everything a job names and checks that the consumer may use it so. initializeCompute and the start share
   * this one validator (P11). `isStart` asks for transactions and reads the algorithm's bytes in any case.
   */
  prepare(input: JobInput, options: { isStart: boolean }): Promise<Checked<PreparedJob>>;
}

export interface PreparerParts {
  readonly resolver: AssetResolver;
  readonly environments: Environments;
  readonly source: FileSource;
  readonly foreign: Pick<ForeignProviders, 'find' | 'files'>;
  readonly checksums: Places;
  readonly maxChecksumBytes: number;
  readonly maxDatasets: number;
}

export function createJobPreparer(parts: PreparerParts): JobPreparer {
  return {
    async prepare(input, { isStart }) {
      const complete = checkComplete(input.datasets, isStart, parts.maxDatasets);
      if (complete) return refuse(complete);
      // Looked up beside the datasets; what failed first in the classic order is still what is told.
      const did = input.algorithm.documentId;
      const asset = did ? parts.resolver.resolve(did) : undefined;
      asset?.catch(() => undefined);
      const located = await locateDatasets(input.datasets, parts.resolver);
      if (!located.ok) return located;
      const chain = chainOf(located.value);
      if (!chain.ok) return chain;
      const environment = await findEnvironment(input.environment, chain.value, parts.environments);
      if (!environment.ok) return environment;
      const needsDigests = isStart || located.value.some(comparesFiles);
      const { source, checksums, maxChecksumBytes } = parts;
      const consumer = input.consumerAddress;
      const algorithm = await prepareAlgorithm(input.algorithm, {
        asset,
        source,
        environment: environment.value,
        foreign: parts.foreign,
        consumer,
        checksums,
        maxChecksumBytes,
        needsDigests,
        isStart,
      });
      if (!algorithm.ok) return algorithm;
      if (algorithm.value.kind === 'published' && algorithm.value.source.asset.chain !== chain.value)
        return refuse(differentChains('algorithm'));
      const datasets: PreparedDataset[] = [];
      for (const [index, dataset] of located.value.entries()) {
        const prepared = await prepareDataset(dataset, index, {
          consumer,
          environment: environment.value,
          foreign: parts.foreign,
          algorithm: algorithm.value,
          isStart,
        });
        if (!prepared.ok) return prepared;
        datasets.push(prepared.value);
      }
      const isElsewhere = algorithm.value.kind === 'raw' || algorithm.value.foreign !== undefined;
      if (isElsewhere && datasets.every(({ foreign }) => foreign)) return refuse(NOTHING_HERE);
      return passed({
        consumer,
        chain: chain.value,
        environment: environment.value,
        datasets,
        algorithm: algorithm.value,
      });
    },
  };
}

/** The environment is paid with an order that carries a fee of ours. */
const NOTHING_HERE: Reason = {
  code: 'JOB_ELSEWHERE',
  field: 'dataset.serviceId',
  rule: 'job.ownElement',
  message: 'Other Providers serve every asset of the job: none of its orders can pay for the environment.',
  classic: 'compute_services_not_in_same_provider',
};

function checkComplete(datasets: readonly DatasetInput[], isStart: boolean, maxDatasets: number): Reason | undefined {
  if (datasets.length === 0) return missing('dataset', 'The job has no dataset.', 'missing');
  if (datasets.length > maxDatasets)
    return missing('additionalDatasets', `The job has more than ${maxDatasets} datasets.`, 'invalid');
  for (const [index, dataset] of datasets.entries()) {
    const field = datasetField(index);
    const wanted = isStart
      ? (['documentId', 'transferTxId', 'serviceId'] as const)
      : (['documentId', 'serviceId'] as const);
    const absent = wanted.find((name) => !dataset[name]);
    if (absent) return missing(`${field}.${absent}`, `The dataset needs ${absent}.`, 'missing');
  }
  return undefined;
}

function missing(field: string, message: string, classic: string): Reason {
  return { code: 'DATASET_MISSING', field, rule: 'request.dataset', message, classic };
}

async function locateDatasets(
  inputs: readonly DatasetInput[],
  resolver: AssetResolver,
): Promise<Checked<readonly LocatedDataset[]>> {
  const assets = await Promise.all(inputs.map(({ documentId = '' }) => resolver.resolve(documentId)));
  const located: LocatedDataset[] = [];
  for (const [index, input] of inputs.entries()) {
    const asset = assets[index];
    if (!asset?.ok) {
      const reason = asset?.reason ?? missing(datasetField(index), 'The dataset is missing.', 'missing');
      return refuse({ ...reason, field: `${datasetField(index)}.documentId`, classic: 'did_not_found' });
    }
    const dataset = locateDataset(input, asset.value, index);
    if (!dataset.ok) return dataset;
    located.push(dataset.value);
  }
  return passed(located);
}

function chainOf(datasets: readonly LocatedDataset[]): Checked<Chain> {
  const [first, ...others] = datasets;
  if (!first) return refuse(missing('dataset', 'The job has no dataset.', 'missing'));
  const { chain } = first.source.asset;
  const other = others.find(({ source }) => source.asset.chain !== chain);
  return other ? refuse(differentChains(other.field)) : passed(chain);
}

function differentChains(field: string): Reason {
  return {
    code: 'DIFFERENT_CHAINS',
    field,
    rule: 'job.chain',
    message: 'All assets of a job must be on one chain.',
    classic: 'different_chains',
  };
}

async function findEnvironment(id: string, chain: Chain, environments: Environments): Promise<Checked<Environment>> {
  if (id === '') {
    return refuse({
      code: 'ENVIRONMENT_MISSING',
      field: 'environment',
      rule: 'environment.named',
      message: 'The job names no compute environment.',
      classic: 'missing',
    });
  }
  const environment = await environments.find(chain, id);
  if (environment) return passed(environment);
  const message = 'Compute environment does not exist';
  return refuse({
    code: 'ENVIRONMENT_UNKNOWN',
    field: 'environment',
    rule: 'environment.known',
    message,
    classic: message,
  });
}
