import { execa } from 'execa';
import path from 'node:path';
import { WavetankError } from '../../core/errors.ts';
import type { Endpoints, RunningTestbed } from '../running-testbed.ts';
import { s3KeysFrom } from '../storage/existing/s3-account.ts';
import { startTestbed } from '../testbed.ts';
import { environmentFile, environmentOf, writePrivateFile } from '../testbed/endpoints.ts';
import type { CommonFlags } from './common-config.ts';
import { commonConfig } from './common-config.ts';
import { EXIT } from '../report/exit-code.ts';
import type { Terminal } from './terminal.ts';
import { rmSync } from 'node:fs';

export interface UpFlags extends CommonFlags {
  readonly json?: boolean;
  readonly endpoints?: string;
  readonly envFile?: string;
  readonly blockTime?: number;
  readonly verbose?: boolean;
}

/** The testbed for outside clients: until Ctrl-C, or for as long as a command runs in it. */
export async function upCommand(command: readonly string[], flags: UpFlags, terminal: Terminal): Promise<number> {
  const { stderr, interrupted } = terminal;
  stderr.write('wavetank: starting …\n');
  const testbed = await startTestbed(
    {
      ...commonConfig(flags),
      ...(flags.blockTime === undefined ? {} : { blockTimeSeconds: flags.blockTime }),
    },
    {
      signal: interrupted,
      s3Keys: s3KeysFrom(terminal.env),
      ...(flags.endpoints === undefined ? {} : { endpointsFile: path.resolve(flags.endpoints) }),
      ...(flags.verbose
        ? {
            onPartLog: (part, { level, message, fields }) =>
              stderr.write(`${part} ${level}: ${message} ${JSON.stringify(fields)}\n`),
          }
        : {}),
    },
  );
  const envFile = flags.envFile === undefined ? undefined : path.resolve(flags.envFile);
  try {
    if (envFile !== undefined) writePrivateFile(envFile, environmentFile(testbed.endpoints));
    announce(testbed, flags, terminal);
    if (command.length > 0) return await runInside(command, testbed.endpoints, terminal);
    await untilInterrupted(interrupted);
    return EXIT.ok;
  } finally {
    if (envFile !== undefined) rmSync(envFile, { force: true });
    await testbed.stop();
    stderr.write('wavetank: everything was stopped\n');
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
  ];
  stderr.write(`wavetank: ready in ${ready} ms; Ctrl-C ends it\n`);
  stderr.write(rows.map(([name = '', value = '']) => `  ${name.padEnd(17)} ${value}\n`).join(''));
}

/** The command's own exit code is ours. Ctrl-C reaches it through the terminal; it is waited for, then everything is stopped. */
async function runInside(command: readonly string[], endpoints: Endpoints, { interrupted }: Terminal): Promise<number> {
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
