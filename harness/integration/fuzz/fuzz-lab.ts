import { createServer } from 'node:http';
import { closeServer, listen } from '../../../core/http-listen.ts';
import type { LogRecord } from '../../../core/log.ts';
import { createLogger } from '../../../core/log.ts';
import { didOf } from '../../../core/protocol/did.ts';
import { ResourceStack, runningResource } from '../../../core/resource.ts';
import { systemSeams } from '../../../core/seams.ts';
import { startOperatorLab } from '../operator/operator-lab.ts';
import { ENVIRONMENT_ADDRESS } from '../provider/operator-double.ts';
import type { ProviderLab } from '../provider/provider-lab.ts';
import { consumerOf, exchange, startProviderLab } from '../provider/provider-lab.ts';
import { BEHAVIOURS, HOSTILE_PROVIDER, startHostileHost } from './hostile-host.ts';
import { hostileResolver, observedNet } from './observed-net.ts';
import type { FuzzWorld } from './provider-requests.ts';

/** Small, so that every limit is met within a run of seconds. */
const LIMITS = {
  bodyBytes: 64 * 1024,
  checksumBytes: 256 * 1024,
  upstreamTimeoutMs: 2_000,
  fileTimeoutMs: 100,
  readMs: 150,
  receiptWaitMs: 20,
  streamMs: 200,
} as const;

export type FuzzLab = Awaited<ReturnType<typeof startFuzzLab>>;

/** A Provider in a hostile world, and an Operator Service, both observed from all sides. */
export async function startFuzzLab() {
  const stack = new ResourceStack();
  const canary = await stack.start('canary', startCanary);
  const host = await stack.start('hostile host', startHostileHost);
  const observed = observedNet(() => host.port);
  stack.defer('net', () => observed.net.close());
  const faults: LogRecord[] = [];
  const log = createLogger((record) => {
    if (record.level === 'error' && faults.length < 100) faults.push(record);
  });
  const provider = await stack.start('provider lab', async () => {
    const lab = await startProviderLab({
      seams: systemSeams({ net: observed.net, log }),
      resolveHost: hostileResolver(),
      allowNonPublicIp: false,
      ipfsGateway: 'http://public.test',
      stateSurvives: 'processEnd',
    });
    return runningResource({ lab }, () => lab.stop());
  });
  const { lab } = provider;
  lab.operator.inputProviders = [HOSTILE_PROVIDER];
  observed.allow(lab.chain.rpcUrl, lab.cacheUrl, lab.operator.url);
  const world = await createWorld(lab, canary.port);
  // The world is made in peace; on a busy machine the small limits would end even honest requests.
  await lab.killAndRestart({ limits: LIMITS });
  const operator = await stack.start('operator lab', startOperatorLab);
  return runningResource(
    {
      lab,
      world,
      operator,
      canary,
      observed,
      faults,
      fillIn: (text: string) => text.replaceAll('CANARY', String(canary.port)),
    },
    () => stack.stop(),
  );
}

/** Whoever reaches this was led astray. */
async function startCanary() {
  const hits: string[] = [];
  const server = createServer((request, response) => {
    hits.push(`${request.method} ${request.url}`);
    response.end('reached');
  });
  const { port } = await listen(server);
  return runningResource({ port, hits }, () => closeServer(server));
}

async function createWorld(lab: ProviderLab, canary: number): Promise<FuzzWorld> {
  const files = [
    ...Object.keys(BEHAVIOURS).map((name) => `http://public.test/${name}`),
    `http://127.0.0.1:${canary}/`,
    `http://rebind.test:${canary}/ok`,
    `http://public.test/redirect?to=${encodeURIComponent(`http://127.0.0.1:${canary}/`)}`,
    `http://public.test/redirect?to=${encodeURIComponent(`http://rebind.test:${canary}/ok`)}`,
    'http://silent.test/ok',
  ].map((url) => ({ type: 'url', method: 'GET', url }));
  const ok = [{ type: 'url', method: 'GET', url: 'http://public.test/ok' }];
  const open = await lab.publish({ type: 'dataset', serviceType: 'access', files });
  const dataset = await lab.publish({ type: 'dataset', files: ok });
  const algorithm = await lab.publish({ type: 'algorithm', files: ok });
  const foreignDids: string[] = [];
  for (const decryptorUrl of [
    `http://127.0.0.1:${canary}`,
    `http://public.test/redirect?to=http://127.0.0.1:${canary}/&x=`,
    'http://public.test/endless?x=',
    'http://public.test/drip?x=',
    'no url at all',
  ]) {
    const { nft } = await lab.owner.ocean.createNftWithErc20({ name: 'Foreign', symbol: 'F' });
    const metadata = {
      state: 0,
      decryptorUrl,
      flags: '0x02',
      data: `0x04${'ab'.repeat(200)}`,
      hash: `0x${'cd'.repeat(32)}`,
    };
    await lab.owner.ocean.setMetaData(nft, metadata);
    const did = didOf(nft, lab.chain.chainId);
    lab.hints.set(did, { nftAddress: nft, chainId: lab.chain.chainId });
    foreignDids.push(did);
  }
  const elsewhereDids: string[] = [];
  for (const serviceEndpoint of [
    'http://public.test/provider',
    'http://public.test/provider/',
    ...['endless', 'drip', 'bomb', 'loop', 'nonsense', 'headers', 'silent'].map((name) => `http://public.test/${name}`),
    `http://127.0.0.1:${canary}`,
    `http://rebind.test:${canary}/provider`,
    `http://public.test/redirect?to=http://127.0.0.1:${canary}/&x=`,
    'file:///etc/passwd',
    'no url at all',
  ]) {
    const service = { serviceEndpoint, files: `0x04${'ab'.repeat(200)}` };
    elsewhereDids.push((await lab.publish({ type: 'dataset', files: [], service })).did);
  }
  const buyer = consumerOf(lab, lab.buyer);
  const query = new URLSearchParams({ documentId: open.did, serviceId: 'svc-1', consumerAddress: lab.buyer.address });
  const access = (await exchange(buyer.api(`initialize?${query}`))).body as Record<string, unknown>;
  const accessOrder = await buyer.order(open, access['providerFee'], lab.buyer.address);
  const { body } = await buyer.initializeCompute(buyer.element(dataset), buyer.element(algorithm));
  const quote = body as unknown as { datasets: [{ providerFee: unknown }]; algorithm: { providerFee: unknown } };
  const datasetOrder = await buyer.order(dataset, quote.datasets[0].providerFee, ENVIRONMENT_ADDRESS);
  const algorithmOrder = await buyer.order(algorithm, quote.algorithm.providerFee, ENVIRONMENT_ADDRESS);
  const started = await buyer.start(buyer.element(dataset, datasetOrder), buyer.element(algorithm, algorithmOrder));
  const { jobId } = started.body[0] as { jobId: string };
  lab.operator.moveTo(jobId, 'finished', [{ index: 0, filename: 'a.json', filesize: 9, type: 'output' }]);
  return {
    consumer: lab.buyer.address,
    openDid: open.did,
    openNft: open.nft,
    openTx: open.metadataTx,
    computeDid: dataset.did,
    algorithmDid: algorithm.did,
    foreignDids,
    elsewhereDids,
    accessOrder,
    datasetOrder,
    algorithmOrder,
    jobId,
    hostileFiles: files.length,
  };
}
