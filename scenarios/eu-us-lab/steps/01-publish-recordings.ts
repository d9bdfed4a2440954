import type { Checks, LeakFinding, PublishedAsset } from '../../../harness/index.ts';
import { chainData } from '../chain-data.ts';
import type { TheCase } from '../the-case.ts';

/** An order of the recordings lasts half an hour. */
export const ORDER_SECONDS = 1800;

const SAMPLE = 'One made-up trial, so that people see the format.\n';

/** The EU lab's recordings are sold for computing and for nothing else. */
export async function publishRecordings(check: Checks, lab: TheCase): Promise<PublishedAsset> {
  const { euLab, stranger } = lab.actors;
  const sampleFile = lab.testbed.servers.euLab.publish('sample.txt', SAMPLE);
  const [recordings, sample] = await Promise.all([
    euLab.publishDataset({
      name: 'Self-regulation of slow cortical potentials',
      files: lab.files.map(({ url }) => url),
      timeoutSeconds: ORDER_SECONDS,
      // Until its list of algorithms stands, only the lab's own are taken.
      trustedPublishers: [euLab.address],
    }),
    euLab.publishDataset({ name: 'A sample for everybody', files: [sampleFile.url], withAccessService: true }),
  ]);
  const dataset = check.accepted('the recordings are published', recordings);

  const resolved = check.accepted('anybody resolves the DID', await stranger.resolve(dataset.did));
  check.equal('the DID resolves to this asset', resolved.id, dataset.did);
  check.equal('its only service is computing', servicesOf(resolved), ['compute']);
  check.that('the files stand in it as cipher text', /^0x[0-9a-f]{200,}$/i.test(resolved.services[0]?.files ?? ''));

  await nothingOnChain(check, lab);
  await cannotBeDownloaded(check, lab, dataset, check.accepted('a sample is published', sample));
  return dataset;
}

function servicesOf({ services }: { readonly services: readonly { readonly type: string }[] }): string[] {
  return services.map(({ type }) => type);
}

async function nothingOnChain(check: Checks, { testbed, detector, before, files }: TheCase): Promise<void> {
  const data = await chainData(testbed.endpoints.rpcUrl, before.chainHeight);
  const found: LeakFinding[] = [];
  for (const { where, bytes } of data) found.push(...(await detector.scan(bytes, where)));
  check.that('the chain has transactions and events of it', data.length > 0, data.length);
  check.equal('neither a URL nor a row of the recordings is in the data of the chain', found, []);
  const control = await detector.scan(files.map(({ url }) => url).join('\n'), 'the files object');
  check.equal('control: in the files object itself the URLs are found', control.length, files.length);
}

/** Two services of one asset under one order: one of them may be downloaded. */
async function cannotBeDownloaded(
  check: Checks,
  { actors }: TheCase,
  recordings: PublishedAsset,
  sample: PublishedAsset,
): Promise<void> {
  const { usLab } = actors;
  const order = await usLab.orderAccess(sample, { serviceId: 'access' });
  const transferTxId = check.accepted('the sample is ordered', order);
  const downloaded = await check.twins('a direct download from a compute service', {
    refused: () => usLab.download(sample, { transferTxId, serviceId: 'compute' }),
    because: { status: 400, code: 'SERVICE_TYPE', field: 'serviceId' },
    accepted: () => usLab.download(sample, { transferTxId, serviceId: 'access' }),
  });
  check.equal('what may be downloaded arrives whole', downloaded.text, SAMPLE);
  check.refused('a direct download of the recordings', await usLab.download(recordings, { transferTxId }), {
    status: 400,
    code: 'SERVICE_TYPE',
    field: 'serviceId',
  });
}
