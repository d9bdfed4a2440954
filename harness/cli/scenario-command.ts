import { appendFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { WavetankError } from '../../core/errors.ts';
import { SOURCE_EXTENSION } from '../../core/source-extension.ts';
import type { CapabilityName } from '../cluster/cluster.ts';
import { consoleReporter } from '../report/console.ts';
import { fileReporter } from '../report/files.ts';
import { githubReporter } from '../report/github.ts';
import { loadScenario, scenarioNames } from '../scenario/load-scenario.ts';
import type { Reporter } from '../scenario/events.ts';
import { s3KeysFrom } from '../storage/existing/s3-account.ts';
import type { RunningTestbed } from '../running-testbed.ts';
import { playScenario } from '../scenario/play.ts';
import { commonConfig } from './common-config.ts';
import type { CommonFlags } from './common-config.ts';
import { withConsoleOn } from './console-on.ts';
import { EXIT } from '../report/exit-code.ts';
import type { Terminal } from './terminal.ts';
import { reportError } from './terminal.ts';

export interface ScenarioFlags extends CommonFlags {
  readonly list?: boolean;
  readonly seed?: number;
  readonly report?: string;
  readonly json?: boolean;
  readonly keep?: boolean;
  readonly timeout?: number;
  readonly verbose?: boolean;
  readonly require?: readonly CapabilityName[];
  readonly recordings?: string;
  readonly heldOut?: string;
}

export async function scenarioCommand(
  nameOrPath: string | undefined,
  flags: ScenarioFlags,
  terminal: Terminal,
): Promise<number> {
  if (flags.list) return listScenarios(flags.json === true, terminal);
  if (nameOrPath === undefined)
    throw new WavetankError('SCENARIO_MISSING', 'Which scenario?', {
      category: 'usage',
      hint: `There are: ${scenarioNames().join(', ')}.`,
    });
  const play = (): Promise<number> => playAndReport(nameOrPath, flags, terminal);
  return flags.json ? withConsoleOn(terminal.stderr, play) : play();
}

async function playAndReport(nameOrPath: string, flags: ScenarioFlags, terminal: Terminal): Promise<number> {
  const recordings = recordingsOf(flags);
  const scenario = await loadScenario(nameOrPath);
  const seed = flags.seed ?? 1;
  const progress = flags.json ? terminal.stderr : terminal.stdout;
  const folder = path.resolve(flags.report ?? path.join(flags.state, 'reports', runName(scenario.name)));
  const reporters: Reporter[] = [consoleReporter({ stream: progress, verbose: flags.verbose === true })];
  if (flags.report !== undefined) reporters.push(fileReporter(folder));
  if (terminal.env['GITHUB_ACTIONS'] === 'true')
    reporters.push(githubReporter({ stream: progress, writeSummary: summaryWriter(terminal) }));

  const { report, error } = await playScenario(scenario, {
    config: commonConfig(flags),
    seed,
    options: recordings === undefined ? {} : { recordings },
    require: flags.require ?? [],
    timeoutSeconds: flags.timeout,
    reporters,
    rerun: rerunLine(nameOrPath, flags, seed),
    evidenceFolder: path.join(folder, 'evidence'),
    interrupted: terminal.interrupted,
    s3Keys: s3KeysFrom(terminal.env),
    ...(flags.keep ? { beforeStop: (testbed) => keepRunning(testbed, terminal) } : {}),
  });
  const evidence = path.join(folder, 'evidence');
  if (report.exitCode !== EXIT.ok && existsSync(evidence))
    progress.write(`Evidence:      ${path.relative('.', evidence)}\n`);
  if (flags.json) terminal.stdout.write(`${JSON.stringify(report)}\n`);
  return error === undefined ? report.exitCode : reportError(error, terminal);
}

async function listScenarios(asJson: boolean, { stdout }: Terminal): Promise<number> {
  const scenarios = await Promise.all(scenarioNames().map(loadScenario));
  const rows = scenarios.map(({ name, summary }) => ({ name, summary }));
  const width = Math.max(...rows.map(({ name }) => name.length));
  stdout.write(
    asJson
      ? `${JSON.stringify(rows)}\n`
      : rows.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}\n`).join(''),
  );
  return EXIT.ok;
}

function recordingsOf({ recordings, heldOut }: ScenarioFlags): { train: string; heldOut: string } | undefined {
  if (recordings === undefined && heldOut === undefined) return undefined;
  if (recordings === undefined || heldOut === undefined)
    throw new WavetankError(
      'RECORDINGS_INCOMPLETE',
      '--recordings and --held-out go together: training trials and trials to test on.',
      { category: 'usage' },
    );
  for (const file of [recordings, heldOut]) {
    if (!existsSync(file))
      throw new WavetankError('RECORDINGS_MISSING', `There is no file ${file}.`, { category: 'usage' });
  }
  return { train: path.resolve(recordings), heldOut: path.resolve(heldOut) };
}

async function keepRunning(
  { endpoints, endpointsFile }: RunningTestbed,
  { stderr, interrupted }: Terminal,
): Promise<void> {
  stderr.write(`The testbed stays until Ctrl-C.  KUBECONFIG=${endpoints.kubeconfig}  Everything: ${endpointsFile}\n`);
  if (interrupted.aborted) return;
  await new Promise<void>((resolve) => interrupted.addEventListener('abort', () => resolve(), { once: true }));
}

/** Sortable, and legal as a folder's name everywhere. */
function runName(scenario: string): string {
  return `${new Date(systemClock.now()).toISOString().replaceAll(/[:.]/g, '-')}-${scenario.replaceAll(/[^\w-]/g, '_')}`;
}

/** In a project that has wavetank as a package there is no such script. */
const COMMAND = SOURCE_EXTENSION === '.ts' ? 'npm run scenario --' : 'npx wavetank scenario';

function rerunLine(nameOrPath: string, flags: ScenarioFlags, seed: number): string {
  const parts = [COMMAND, nameOrPath, '--seed', String(seed)];
  if (flags.backend !== 'embedded') parts.push('--backend', flags.backend);
  if (flags.storage !== 'embedded') parts.push('--storage', flags.storage);
  if (flags.launcher !== undefined) parts.push('--launcher', flags.launcher);
  if (flags.reuse) parts.push('--reuse');
  if (flags.pull) parts.push('--pull');
  if (flags.kindImage !== undefined) parts.push('--kind-image', flags.kindImage);
  for (const name of ['kubeconfig', 'namespace', 'advertise'] as const) {
    const value = flags[name];
    if (value !== undefined) parts.push(`--${name}`, value);
  }
  if (flags.s3 !== undefined) parts.push('--s3', flags.s3);
  if (flags.bucket !== undefined) parts.push('--bucket', flags.bucket);
  if (flags.s3Region !== undefined) parts.push('--s3-region', flags.s3Region);
  if (flags.minioImage !== undefined) parts.push('--minio-image', flags.minioImage);
  if (flags.rpc !== undefined) parts.push('--rpc', flags.rpc);
  if (flags.addressFile !== undefined) parts.push('--address-file', flags.addressFile);
  if (flags.keyFile !== undefined) parts.push('--key-file', flags.keyFile);
  if (flags.contracts !== undefined) parts.push('--contracts', flags.contracts);
  for (const quirk of flags.quirk ?? []) parts.push('--quirk', quirk);
  for (const image of flags.image) parts.push('--image', image);
  for (const mirror of flags.mirror) parts.push('--mirror', mirror);
  if (flags.require !== undefined) parts.push('--require', flags.require.join(','));
  if (flags.recordings !== undefined && flags.heldOut !== undefined)
    parts.push('--recordings', flags.recordings, '--held-out', flags.heldOut);
  return parts.map((part) => (/^[\w@%+=:,./-]+$| --$/.test(part) ? part : `'${part}'`)).join(' ');
}

function summaryWriter({ env }: Terminal): (markdown: string) => void {
  const file = env['GITHUB_STEP_SUMMARY'];
  return (markdown) => file !== undefined && appendFileSync(file, markdown);
}
