import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { startProviderLab, consumerOf, exchange } from '../../harness/integration/provider/provider-lab.ts';
import type { ProviderLab } from '../../harness/integration/provider/provider-lab.ts';
import { signMessage } from '../../core/protocol/signing.ts';
import { signedMessages } from '../../core/protocol/signed-messages.ts';
import type { Benchmark, BenchmarkContext } from './benchmark.ts';
import { Samples } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const CONNECTIONS = [1, 16, 64];
const SECONDS = 5;
const DOWNLOAD_BYTES = 2 ** 30;
const RSS_EVERY_MS = 50;

/** In a process of its own: what serves 1 GiB must not count as the Provider's memory. */
const FILE_HOST = `
  const block = Buffer.alloc(256 * 1024, 'x');
  require('node:http').createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/csv', 'content-length': ${DOWNLOAD_BYTES} });
    let left = ${DOWNLOAD_BYTES} / block.length;
    const more = () => { while (left > 0 && (left--, response.write(block))); if (left === 0) response.end(); };
    response.on('drain', more);
    more();
  }).listen(0, '127.0.0.1', function () { process.stdout.write(this.address().port + '\\n'); });
`;

/** Reads a whole body and says how many bytes it had. */
const CLIENT = `
  require('node:http').get(process.argv[1], (response) => {
    let size = 0;
    response.on('data', (chunk) => (size += chunk.length)).on('close', () => process.stdout.write(response.statusCode + ' ' + size));
  });
`;

/** The Provider on a chain of its own; files, metadata cache and Operator Service are doubles. Clients are other processes. */
export const provider: Benchmark = {
  name: 'provider',
  title: 'the Provider: nonce and status answers (autocannon), and a download of 1 GiB with its memory',
  defaultRuns: 3,
  async run({ runs, root, progress }) {
    const lab = await startProviderLab();
    try {
      return [...(await answers(lab, { runs, root, progress })), ...(await downloads(lab, runs, progress))];
    } finally {
      await lab.stop();
    }
  },
};

async function answers(
  lab: ProviderLab,
  { runs, root, progress }: Pick<BenchmarkContext, 'runs' | 'root' | 'progress'>,
): Promise<Measurement[]> {
  const rates = new Samples();
  const latencies = new Samples();
  const { api } = consumerOf(lab, lab.buyer);
  const routes = {
    nonce: api(`nonce?userAddress=${lab.buyer.address}`),
    status: api(`compute?consumerAddress=${lab.buyer.address}`),
  };
  for (const [name, url] of Object.entries(routes)) {
    for (const connections of CONNECTIONS) {
      for (let run = 0; run < runs; run++) {
        const { rate, p99, failed } = await load(root, url, connections);
        progress(`${name}, ${connections} connections: ${rate.toFixed(0)} requests/s, p99 ${p99} ms`);
        if (failed > 0) throw new Error(`${failed} requests of ${name} failed.`);
        rates.add(`${name}, ${connections} connections`, rate);
        latencies.add(`${name}, ${connections} connections, p99`, p99);
      }
    }
  }
  return [...rates.measurements('requests/s'), ...latencies.measurements('ms')];
}

async function load(
  root: string,
  url: string,
  connections: number,
): Promise<{ rate: number; p99: number; failed: number }> {
  const program = path.join(root, 'node_modules', 'autocannon', 'autocannon.js');
  const args = [program, '--json', '--no-progress', '-c', String(connections), '-d', String(SECONDS), url];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 });
  const { requests, latency, non2xx, errors } = JSON.parse(stdout) as {
    requests: { average: number };
    latency: { p99: number };
    non2xx: number;
    errors: number;
  };
  return { rate: requests.average, p99: latency.p99, failed: non2xx + errors };
}

async function downloads(lab: ProviderLab, runs: number, progress: (text: string) => void): Promise<Measurement[]> {
  const host = spawn(process.execPath, ['-e', FILE_HOST], { stdio: ['ignore', 'pipe', 'inherit'] });
  const rates = new Samples();
  const memory = new Samples();
  try {
    const [port] = (await once(createInterface(host.stdout), 'line')) as [string];
    const url = `http://127.0.0.1:${port}/large.csv`;
    const asset = await lab.publish({
      type: 'dataset',
      serviceType: 'access',
      files: [{ type: 'url', method: 'GET', url }],
    });
    const buyer = consumerOf(lab, lab.buyer);
    const query = new URLSearchParams({
      documentId: asset.did,
      serviceId: 'svc-1',
      consumerAddress: lab.buyer.address,
    });
    const { body } = await exchange(buyer.api(`initialize?${query}`));
    const transferTxId = await buyer.order(asset, (body as Record<string, unknown>)['providerFee'], lab.buyer.address);
    for (let run = 0; run < runs; run++) {
      const nonce = await buyer.nextNonce();
      const signature = signMessage(signedMessages.download(asset.did, nonce), lab.buyer.privateKey);
      const fields = {
        documentId: asset.did,
        serviceId: 'svc-1',
        transferTxId,
        fileIndex: '0',
        consumerAddress: lab.buyer.address,
      };
      const { seconds, growthMib } = await download(
        buyer.api(`download?${new URLSearchParams({ ...fields, nonce, signature })}`),
      );
      progress(`1 GiB in ${seconds.toFixed(1)} s, memory grew by ${growthMib.toFixed(0)} MiB`);
      rates.add('download of 1 GiB', DOWNLOAD_BYTES / 2 ** 20 / seconds);
      memory.add('most that the resident memory grew meanwhile', growthMib);
    }
  } finally {
    host.kill();
  }
  return [...rates.measurements('MiB/s'), ...memory.measurements('MiB')];
}

async function download(url: string): Promise<{ seconds: number; growthMib: number }> {
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), RSS_EVERY_MS);
  const started = performance.now();
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', CLIENT, url]);
    if (stdout.trim() !== `200 ${DOWNLOAD_BYTES}`) throw new Error(`The download ended with ${stdout.trim()}.`);
    return { seconds: (performance.now() - started) / 1000, growthMib: (most - before) / 2 ** 20 };
  } finally {
    clearInterval(watch);
  }
}
