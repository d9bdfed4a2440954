import path from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { createNet } from '../../core/net.ts';
import { redact } from '../../core/redact.ts';
import type { TestbedConfig } from '../config/testbed-config.ts';
import { EXIT } from '../report/exit-code.ts';
import type { RunningTestbed } from '../running-testbed.ts';
import { s3KeysFrom } from '../storage/existing/s3-account.ts';
import { startTestbed } from '../testbed.ts';
import { environmentOf } from '../testbed/endpoints.ts';
import type { ClassicNetwork } from './classic-network.ts';
import { classicNetwork } from './classic-network.ts';
import type { CommonFlags } from './common-config.ts';
import { commonConfig } from './common-config.ts';
import { endpointFiles } from './endpoint-files.ts';
import { requireReady } from './readiness.ts';
import { runInside } from './run-inside.ts';
import type { Terminal } from './terminal.ts';

export interface UpFlags extends CommonFlags {
  readonly json?: boolean;
  readonly endpoints?: string;
  readonly envFile?: string;
  readonly blockTime?: number;
  readonly providers?: number;
  readonly ipfsGateway?: string;
  readonly arweaveGateway?: string;
  readonly classicPorts?: boolean;
  readonly verbose?: boolean;
}

/** The testbed for outside clients: until Ctrl-C, or for as long as a command runs in it. */
export async function upCommand(command: readonly string[], flags: UpFlags, terminal: Terminal): Promise<number> {
  const classic = flags.classicPorts ? classicOf(flags, terminal) : undefined;
  try {
    // First of all: a second network on the same ports must take nothing from the one that runs.
    await classic?.begin();
    return await upWith(classic, command, flags, terminal);
  } finally {
    classic?.end();
  }
}

async function upWith(
  classic: ClassicNetwork | undefined,
  command: readonly string[],
  flags: UpFlags,
  terminal: Terminal,
): Promise<number> {
  const { stderr, interrupted } = terminal;
  const files = endpointFiles(flags);
  stderr.write('wavetank: starting …\n');
  const lines: string[] = [];
  const testbed = await startTestbed(configOf(flags, classic), {
    signal: interrupted,
    s3Keys: s3KeysFrom(terminal.env),
    onPartLog: (part, { level, message, fields }) => {
      lines.push(`${part} ${level}: ${message} ${JSON.stringify(fields)}`);
      if (lines.length > LINES_KEPT) lines.shift();
      if (flags.verbose) stderr.write(`${lines.at(-1)}\n`);
    },
  }).catch((error: unknown) => {
    if (!flags.verbose && !interrupted.aborted) for (const line of lines) stderr.write(`  ${redact(line)}\n`);
    throw error;
  });
  try {
    await probe(testbed);
    interrupted.throwIfAborted();
    files.write(testbed.endpoints, path.dirname(testbed.endpointsFile));
    classic?.ready();
    announce(testbed, flags, terminal);
    if (command.length > 0) return await runInside(command, environmentOf(testbed.endpoints), terminal);
    await untilInterrupted(interrupted);
    return EXIT.ok;
  } finally {
    files.remove();
    await testbed.stop();
    stderr.write('wavetank: everything was stopped\n');
  }
}

/** What the parts said last, for somebody whose testbed did not start. */
const LINES_KEPT = 10;

function classicOf({ providers = 1, backend, image, addressFile, state }: UpFlags, { env }: Terminal): ClassicNetwork {
  return classicNetwork({ stateRoot: path.resolve(state), env, providers, backend, images: image, addressFile });
}

function configOf(flags: UpFlags, classic: ClassicNetwork | undefined): TestbedConfig {
  return {
    ...commonConfig(flags),
    ...(flags.blockTime === undefined ? {} : { blockTimeSeconds: flags.blockTime }),
    ...(flags.providers === undefined ? {} : { providers: flags.providers }),
    gateways: {
      ...(flags.ipfsGateway === undefined ? {} : { ipfs: flags.ipfsGateway }),
      ...(flags.arweaveGateway === undefined ? {} : { arweave: flags.arweaveGateway }),
    },
    ...classic?.config,
  };
}

async function probe({ endpoints, observe }: RunningTestbed): Promise<void> {
  const net = createNet();
  try {
    await requireReady(endpoints, { net, clock: systemClock, logLines: observe.logLines });
  } finally {
    await net.close();
  }
}

function announce(
  { endpoints, endpointsFile, timings }: RunningTestbed,
  { json }: UpFlags,
  { stdout, stderr }: Terminal,
): void {
  if (json) return void stdout.write(`${JSON.stringify(endpoints)}\n`);
  const ready = Math.max(...timings.map(({ startedAtMs, ms }) => startedAtMs + ms));
  const rows = [
    ['chain', `${endpoints.rpcUrl} (chain id ${endpoints.chainId})`],
    ['addresses', endpoints.addressFile],
    ['metadata cache', endpoints.metadataCacheUrl],
    ...endpoints.providers.map(({ name, url, address }) => [name, `${url} (${address})`]),
    ['operator service', endpoints.operatorServiceUrl],
    ['cluster', `KUBECONFIG=${endpoints.kubeconfig}`],
    ['object storage', endpoints.s3.endpoint],
    ['everything', endpointsFile],
    ...endpoints.quirks.map((name) => ['quirk', name]),
  ];
  stderr.write(`wavetank: ready in ${ready} ms; Ctrl-C ends it\n`);
  stderr.write(rows.map(([name = '', value = '']) => `  ${name.padEnd(17)} ${value}\n`).join(''));
}

function untilInterrupted(interrupted: AbortSignal): Promise<void> {
  if (interrupted.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  interrupted.addEventListener('abort', () => resolve(), { once: true });
  // Nothing else may hold the process: every server could be in another one.
  return promise;
}
