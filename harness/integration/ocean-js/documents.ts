import { readFileSync } from 'node:fs';
import type { AlgorithmName } from '../../../fixtures/algorithms/catalogue.ts';
import { algorithmCatalogue } from '../../../fixtures/algorithms/catalogue.ts';
import type { OceanJsLab } from './lab.ts';

/** A document as an application writes it, before the library fills in what the chain decides. */
export interface Draft {
  '@context': string[];
  id: string;
  version: string;
  chainId: number;
  nftAddress: string;
  metadata: Record<string, unknown>;
  services: Record<string, unknown>[];
  /** Only `createAsset` looks at it: "0" for a dispenser, more for a fixed rate. */
  stats?: { price: { value: string } };
  [field: string]: unknown;
}

const CREATED = '2026-01-01T00:00:00Z';

function draft(type: 'dataset' | 'algorithm', service: Record<string, unknown>, price?: string): Draft {
  return {
    '@context': ['https://w3id.org/did/v1'],
    id: '',
    version: '4.1.0',
    chainId: 8996,
    nftAddress: '',
    metadata: {
      created: CREATED,
      updated: CREATED,
      type,
      name: `${type} of a suite`,
      description: 'Published through the library.',
      author: 'Lab',
      license: 'CC-BY-4.0',
      tags: ['eeg'],
    },
    services: [{ files: '', datatokenAddress: '', serviceEndpoint: '', timeout: 3600, ...service }],
    ...(price === undefined ? {} : { stats: { price: { value: price } } }),
  };
}

export function accessDraft(price?: string): Draft {
  return draft('dataset', { id: 'download', type: 'access' }, price);
}

export function computeDraft(change: object = {}): Draft {
  const compute = {
    allowRawAlgorithm: true,
    allowNetworkAccess: false,
    publisherTrustedAlgorithmPublishers: [],
    publisherTrustedAlgorithms: [],
    ...change,
  };
  return draft('dataset', { id: 'jobs', type: 'compute', compute });
}

export function algorithmDraft({ testbed }: OceanJsLab): Draft {
  const made = draft('algorithm', { id: 'code', type: 'access' });
  made.metadata['algorithm'] = { language: 'node', version: '1', container: containerOf({ testbed }) };
  return made;
}

export function containerOf({ testbed }: Pick<OceanJsLab, 'testbed'>) {
  return { ...testbed.images.node, entrypoint: 'node $ALGO' };
}

export function filesOf(...urls: string[]) {
  return {
    datatokenAddress: '0x0',
    nftAddress: '0x0',
    files: urls.map((url) => ({ type: 'url', url, method: 'GET' })),
  };
}

export function sourceOf(name: AlgorithmName): string {
  return readFileSync(algorithmCatalogue[name].file, 'utf8');
}

/** Waits for ever without working; a TERM ends it. */
export const ENDLESS_CODE = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)';
