import { execa } from 'execa';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { styleText } from 'node:util';
import { systemClock } from '../../core/clock.ts';
import { systemEntropy } from '../../core/entropy.ts';
import { WavetankError } from '../../core/errors.ts';
import { silentLogger } from '../../core/log.ts';
import { createNative } from '../../core/native.ts';
import type { Capability, ClusterCapabilities } from '../cluster/cluster.ts';
import { startEmbeddedCluster } from '../cluster/embedded/embedded-cluster.ts';
import type { ExistingFlags } from './doctor-existing.ts';
import { measureExistingNow } from './doctor-existing.ts';
import { findKind, measureKindNow } from './doctor-kind.ts';
import { EXIT } from '../report/exit-code.ts';
import { QUIRKS } from '../../provider/quirks.ts';
import type { Terminal } from './terminal.ts';
import { ownVersion } from './own-version.ts';

interface BackendFinding {
  readonly name: string;
  readonly available: boolean;
  /** What it is, or what is missing and how to get it. */
  readonly note: string;
}

export interface Findings {
  readonly version: 1;
  readonly versions: Readonly<Record<string, string>>;
  readonly backends: readonly BackendFinding[];
  readonly launcher: { readonly kind: string; readonly why: string };
  readonly capabilities: ClusterCapabilities;
  /** By name; each is off until a testbed is told to have it. */
  readonly quirks: Readonly<Record<string, string>>;
  readonly tools: Readonly<Record<string, string>>;
}

export interface DoctorFlags extends ExistingFlags {
  readonly state: string;
  readonly json?: boolean;
  /** Whose isolation is measured. */
  readonly backend?: 'embedded' | 'kind' | 'existing';
  readonly kindImage?: string;
}

/** What this machine can do, measured now, and what is missing for the rest. */
export async function doctorCommand(flags: DoctorFlags, { stdout, interrupted }: Terminal): Promise<number> {
  const { json, backend = 'embedded', kindImage } = flags;
  refuseOthersFlags(flags, backend);
  const measures = {
    embedded: measure,
    kind: () => measureKindNow({ nodeImage: kindImage, stateRoot: path.resolve(flags.state), signal: interrupted }),
    existing: () => measureExistingNow(flags, interrupted),
  };
  const measured = measures[backend]();
  const [cluster, tools, minio, kind] = await Promise.all([measured, findTools(), measureMinio(), findKind()]);
  interrupted.throwIfAborted();
  const findings: Findings = {
    version: 1,
    versions: versions(),
    backends: backends(backend === 'embedded' ? cluster.launcher.why : '', {
      minio,
      kind: { name: 'cluster: kind', ...kind },
    }),
    launcher: cluster.launcher,
    capabilities: cluster.capabilities,
    quirks: QUIRKS,
    tools,
  };
  stdout.write(json ? `${JSON.stringify(findings)}\n` : render(findings, stdout.isTTY === true));
  return EXIT.ok;
}

/** A flag that is for another backend would quietly measure something else. */
function refuseOthersFlags({ kubeconfig, advertise, image = [], kindImage }: DoctorFlags, backend: string): void {
  const strange = [
    ...(backend === 'existing'
      ? []
      : [kubeconfig && '--kubeconfig', advertise && '--advertise', image[0] && '--image']),
    ...(backend === 'kind' ? [] : [kindImage && '--kind-image']),
  ].filter((flag) => flag !== undefined);
  if (strange.length === 0) return;
  throw new WavetankError('CONFIG_INVALID', `With --backend ${backend} there is no ${strange.join(', ')}.`, {
    category: 'usage',
    hint: strange.includes('--kind-image') ? 'Add --backend kind.' : 'Add --backend existing.',
  });
}

async function measure(): Promise<Pick<Findings, 'launcher' | 'capabilities'>> {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'wavetank-doctor-'));
  try {
    const cluster = await startEmbeddedCluster({
      clock: systemClock,
      entropy: systemEntropy,
      native: createNative(),
      log: silentLogger,
      stateDir,
      capabilityCache: false,
    });
    try {
      const { kind, facts } = cluster.launcher;
      return { launcher: { kind, why: facts.why }, capabilities: cluster.capabilities };
    } finally {
      await cluster.stop();
    }
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}

/** Programs that are nice to have beside wavetank; none of them is needed. */
const TOOLS: Readonly<Record<string, readonly string[]>> = {
  kubectl: ['version', '--client'],
  docker: ['version', '--format', '{{.Server.Version}}'],
  kind: ['version'],
  bwrap: ['--version'],
};

async function findTools(): Promise<Record<string, string>> {
  const found = Object.entries(TOOLS).map(async ([name, args]) => {
    const result = await execa(name, args, { reject: false, timeout: 5000, stdin: 'ignore' });
    const [line = ''] = (result.stdout || result.stderr || '').split('\n');
    return [name, result.failed ? 'not usable here' : line.trim()] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

async function measureMinio(): Promise<BackendFinding> {
  const { DEFAULT_MINIO_IMAGE, whyThereIsNoMinio } = await import('../storage/minio/start-minio.ts');
  const missing = await whyThereIsNoMinio();
  return {
    name: 'storage: minio',
    available: missing === undefined,
    note: missing ?? `Docker has ${DEFAULT_MINIO_IMAGE}`,
  };
}

function backends(launcherNote: string, { minio, kind }: Record<'minio' | 'kind', BackendFinding>): BackendFinding[] {
  return [
    { name: 'cluster: embedded', available: true, note: launcherNote },
    kind,
    {
      name: 'cluster: existing',
      available: true,
      note: 'any cluster: --kubeconfig FILE; `wavetank doctor --backend existing --kubeconfig FILE` measures it',
    },
    { name: 'storage: embedded', available: true, note: 'an S3 in this process' },
    minio,
    {
      name: 'storage: existing',
      available: true,
      note: 'any S3: --s3 URL and its keys; tried before anything is made there',
    },
  ];
}

function clusterOf({ kind, why }: Findings['launcher']): string {
  if (kind === 'existing') return `the cluster at ${why}`;
  return kind === 'kind' ? `a kind cluster (${why})` : `the embedded cluster (${kind})`;
}

function versions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const of = (name: string): string => (require(`${name}/package.json`) as { version: string }).version;
  return {
    wavetank: ownVersion(),
    node: process.versions.node,
    hardhat: of('hardhat'),
    '@oceanprotocol/contracts': of('@oceanprotocol/contracts'),
  };
}

/** For people. */
export function render(
  { versions: numbers, backends: found, launcher, capabilities, quirks, tools }: Findings,
  isTty: boolean,
): string {
  const mark = (isGood: boolean): string => (isGood ? paint('green', '✓') : paint('yellow', '-'));
  const paint = (colour: 'green' | 'yellow' | 'bold', text: string): string => (isTty ? styleText(colour, text) : text);
  const row = (isGood: boolean, name: string, value: string): string => `  ${mark(isGood)} ${name.padEnd(18)} ${value}`;
  const capability = ([name, { enforcement, evidence }]: [string, Capability]): string =>
    row(enforcement === 'enforced', name, `${enforcement.padEnd(9)} ${whereFirstTold(name, evidence)}`);
  const told = new Map<string, string>();
  /** What keeps a machine from everything is the evidence for everything. */
  const whereFirstTold = (name: string, evidence: string): string => {
    const first = told.get(evidence);
    if (first === undefined) told.set(evidence, name);
    return first === undefined ? evidence : `as ${first}`;
  };
  return [
    paint('bold', 'Versions'),
    ...Object.entries(numbers).map(([name, version]) => `    ${name.padEnd(26)} ${version}`),
    paint('bold', 'Backends'),
    ...found.map(({ name, available, note }) => row(available, name, note)),
    paint('bold', `Isolation of ${clusterOf(launcher)}, measured now`),
    ...Object.entries(capabilities).map(capability),
    paint('bold', 'Quirks, each off unless --quirk NAME asks for it'),
    ...Object.entries(quirks).map(([name, what]) => `    ${name.padEnd(20)} ${what}`),
    paint('bold', 'Other programs'),
    ...Object.entries(tools).map(([name, version]) => row(version !== 'not usable here', name, version)),
    '',
  ].join('\n');
}
