import type { Clock } from '../../core/clock.ts';
import { WavetankError, messageOf } from '../../core/errors.ts';
import type { Net } from '../../core/net.ts';
import { waitUntil } from '../../core/wait-until.ts';
import type { Endpoints } from '../running-testbed.ts';

interface Probe {
  /** As it is called in the log. */
  readonly part: string;
  readonly url: string;
  /** Resolves when the part answered as it should; rejects with what was wrong. */
  ask(signal: AbortSignal): Promise<void>;
}

export interface ReadinessOptions {
  readonly net: Net;
  readonly clock: Clock;
  /** Newest last. */
  readonly logLines: () => readonly string[];
  /** For one part. Default 15 s. */
  readonly timeoutMs?: number;
}

const LINES_TOLD = 8;
const ONE_ANSWER_MS = 10_000;

/**
 * Asks every endpoint something that only a working part can answer, all at once.
 * @throws WavetankError NOT_READY naming the part that did not, with the last that it wrote
 */
export async function requireReady(endpoints: Endpoints, options: ReadinessOptions): Promise<void> {
  await Promise.all(probesOf(endpoints, options.net).map((probe) => answered(probe, options)));
}

async function answered(probe: Probe, { clock, logLines, timeoutMs = 15_000 }: ReadinessOptions): Promise<void> {
  let last = 'nothing was asked';
  const look = async (): Promise<true | undefined> => {
    try {
      await probe.ask(AbortSignal.timeout(ONE_ANSWER_MS));
      return true;
    } catch (error) {
      last = messageOf(error);
      return undefined;
    }
  };
  try {
    await waitUntil(`an answer of ${probe.part}`, look, { clock, timeoutMs, intervalMs: 100 });
  } catch (error) {
    const lines = logLines()
      .filter((line) => line.includes(`"part":"${probe.part}"`))
      .slice(-LINES_TOLD);
    const told = lines.length === 0 ? 'It wrote nothing.' : `Its last lines:\n  ${lines.join('\n  ')}`;
    throw new WavetankError('NOT_READY', `${probe.part} at ${probe.url} is not ready: ${last}. ${told}`, {
      cause: error,
      details: { part: probe.part, url: probe.url, lines },
    });
  }
}

function probesOf({ rpcUrl, chainId, metadataCacheUrl, providers, s3 }: Endpoints, net: Net): Probe[] {
  const json = async (url: string, signal: AbortSignal, init: Parameters<Net['fetch']>[1] = {}): Promise<unknown> => {
    const answer = await net.fetch(url, { ...init, signal });
    if (answer.ok) return answer.json();
    throw new Error(`it answered ${answer.status}`);
  };
  const ofProvider = (provider: Endpoints['providers'][number], i: number): Probe[] => {
    const suffix = i === 0 ? '' : String(i + 1);
    return [
      {
        part: `provider${suffix}`,
        url: provider.url,
        async ask(signal) {
          // It answers this only with its Operator Service, and that one only with the cluster.
          const offers = (await json(`${provider.url}/api/services/computeEnvironments`, signal)) as Record<string, []>;
          if (!offers[String(chainId)]?.length) throw new Error('it offers no compute environment');
        },
      },
      {
        part: `operator-service${suffix}`,
        url: provider.operatorServiceUrl,
        ask: async (signal) => void (await json(provider.operatorServiceUrl, signal)),
      },
    ];
  };
  return [
    {
      part: 'chain',
      url: rpcUrl,
      async ask(signal) {
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] });
        const headers = { 'content-type': 'application/json' };
        const { result } = (await json(rpcUrl, signal, { method: 'POST', body, headers })) as { result?: string };
        if (Number(result) !== chainId) throw new Error(`it says that it is chain ${String(result)}`);
      },
    },
    {
      part: 'metadata-cache',
      url: metadataCacheUrl,
      ask: async (signal) => void (await json(metadataCacheUrl, signal)),
    },
    ...providers.flatMap(ofProvider),
    {
      part: 'object storage',
      url: s3.endpoint,
      async ask(signal) {
        // Unsigned, so it refuses: an answer all the same.
        const answer = await net.fetch(s3.endpoint, { signal });
        await answer.body?.cancel();
        if (answer.status >= 500) throw new Error(`it answered ${answer.status}`);
      },
    },
  ];
}
