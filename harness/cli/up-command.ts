import { rmSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { WavetankError } from '../../core/errors.ts';
import { createNet } from '../../core/net.ts';
import { redact } from '../../core/redact.ts';
import type { TestbedConfig } from '../config/testbed-config.ts';
import { EXIT } from '../report/exit-code.ts';
import type { Endpoints, RunningTestbed } from '../running-testbed.ts';
import { s3KeysFrom } from '../storage/existing/s3-account.ts';
import { startTestbed } from '../testbed.ts';
import { environmentFile, environmentOf, writePrivateFile } from '../testbed/endpoints.ts';
import type { ClassicNetwork } from './classic-network.ts';
import { classicNetwork } from './classic-network.ts';
import type { CommonFlags } from './common-config.ts';
import { commonConfig } from './common-config.ts';
import { requireReady } from './readiness.ts';
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
  const files = filesOf(flags);
  try {
    await probe(testbed);
    for (const [file, write] of files) writePrivateFile(file, write(testbed.endpoints));
    classic?.ready();
    announce(testbed, flags, terminal);
    if (command.length > 0) return await runInside(command, testbed.endpoints, terminal);
    await untilInterrupted(interrupted);
    return EXIT.ok;
  } finally {
    for (const [file] of files) rmSync(file, { force: true });
    await testbed.stop();
    stderr.write('wavetank: everything was stopped\n');
  }
}

/** What the parts said last, for somebody whose testbed did not start. */
const LINES_KEPT = 10;

function classicOf({ providers = 1, backend, image, addressFile }: UpFlags, { env }: Terminal): ClassicNetwork {
  return classicNetwork({ env, providers, backend, images: image, addressFile });
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

/** Files of the user's that say where everything is, and how each is written. */
function filesOf({ endpoints, envFile }: UpFlags): [string, (endpoints: Endpoints) => string][] {
  const asJson = (given: Endpoints): string => `${JSON.stringify(given, null, 2)}\n`;
  return [
    ...(endpoints === undefined ? [] : [[path.resolve(endpoints), asJson] as [string, typeof asJson]]),
    ...(envFile === undefined ? [] : [[path.resolve(envFile), environmentFile] as [string, typeof asJson]]),
  ];
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

/** The command's own exit code is ours. Ctrl-C reaches it through the terminal; it is waited for, then everything is stopped. */
async function runInside(command: readonly string[], endpoints: Endpoints, { interrupted }: Terminal): Promise<number> {
  // Loaded when the testbed runs already: its hundred modules would only hold up the start.
  const { execa } = await import('execa');
  const [file = '', ...args] = command;
  const result = await execa(file, args, {
    stdio: 'inherit',
    env: { ...environmentOf(endpoints) },
    reject: false,
    cancelSignal: interrupted,
    forceKillAfterDelay: 5000,
  });
  if (result.exitCode !== undefined) return result.exitCode;
  if (interrupted.aborted) return EXIT.interrupted;
  throw new WavetankError(
    'COMMAND_NOT_RUN',
    `${file} did not run: ${result.shortMessage ?? 'it was ended by a signal'}`,
    {
      category: 'usage',
      hint: 'What stands behind -- is the command and its arguments.',
    },
  );
}

function untilInterrupted(interrupted: AbortSignal): Promise<void> {
  if (interrupted.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  interrupted.addEventListener('abort', () => resolve(), { once: true });
  // Nothing else may hold the process: every server could be in another one.
  return promise;
}
