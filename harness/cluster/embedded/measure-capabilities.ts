import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import { randomHex } from '../../../core/entropy.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Capability, ClusterCapabilities } from '../cluster.ts';
import type { Canary } from './canary.ts';
import { startCanary } from './canary.ts';
import type { ImageCatalogue } from './kubelet/images.ts';
import type { ContainerExit, ContainerSpec, Launcher, PodSandbox } from './launcher/launcher.ts';
import { bootId } from './launcher/process-owner.ts';

export interface MeasureOptions {
  readonly launcher: Launcher;
  readonly images: ImageCatalogue;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Where the outcome is kept, per boot, kernel, launcher and Node version. Absent: measured every time. */
  readonly cacheDir?: string;
}

const MIB = 1024 * 1024;
const VOLUME_BYTES = 4 * MIB;
const MEMORY_BYTES = 24 * MIB;
const HOG_BYTES = 48 * MIB;
const PIDS = 24;
const PROBE_UID = 1000;
/** A probe that takes longer hangs; it is killed, and its capability counts as absent. */
const PROBE_TIMEOUT_MS = 5000;

/** Tries each thing a container must not be able to do, once, and says what held. */
export async function measureCapabilities(options: MeasureOptions): Promise<ClusterCapabilities> {
  const file =
    options.cacheDir === undefined
      ? undefined
      : join(options.cacheDir, `capabilities-${fingerprint(options.launcher)}.json`);
  if (file !== undefined && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as ClusterCapabilities;
  const measured = options.launcher.facts.isolated ? await probe(options) : allAbsent(options.launcher.facts.why);
  if (file !== undefined) {
    mkdirSync(options.cacheDir as string, { recursive: true });
    writeFileSync(`${file}.tmp`, JSON.stringify(measured));
    renameSync(`${file}.tmp`, file);
  }
  return measured;
}

function fingerprint(launcher: Launcher): string {
  const facts = [bootId(), release(), launcher.kind, launcher.facts, process.version, process.getuid?.()];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16);
}

function allAbsent(why: string): ClusterCapabilities {
  const absent: Capability = { enforcement: 'absent', evidence: why };
  const localhost: Capability = { enforcement: 'absent', evidence: `the loopback device is the machine's own: ${why}` };
  return {
    network: absent,
    localhost,
    memory: absent,
    cpu: absent,
    pids: absent,
    'volume-size': absent,
    readonly: absent,
    user: absent,
    seccomp: absent,
  };
}

interface Outcome {
  readonly exit: ContainerExit;
  readonly output: string;
}

async function probe(options: MeasureOptions): Promise<ClusterCapabilities> {
  const { launcher, entropy } = options;
  const name = `wavetank-canary-${randomHex(entropy, 8)}`;
  const [canary, sandbox, volume] = await Promise.all([
    startCanary(name),
    launcher.createPodSandbox({ id: `probe-${randomHex(entropy, 4)}`, hostname: 'probe' }),
    launcher.createVolume({ id: `probe-${randomHex(entropy, 4)}`, sizeBytes: VOLUME_BYTES }),
  ]);
  try {
    const run = (id: string, extra: Partial<ContainerSpec>): Promise<Outcome> =>
      runProbe(options, sandbox, { ...baseSpec(options.images, id), ...extra });
    const limits = baseSpec(options.images, '').limits;
    const hog = `head -c ${HOG_BYTES} /dev/zero | tail -c ${HOG_BYTES} | wc -c`;
    const forks = `i=0; while [ $i -lt ${PIDS * 3} ]; do sleep 3 & i=$((i+1)); done; echo all`;
    const spin = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo done';
    const [tried, memory, pids, cpu] = await Promise.all([
      run('tries', triesSpec(canary, volume.path)),
      run('memory', { argv: ['/bin/sh', '-c', hog], limits: { ...limits, memoryBytes: MEMORY_BYTES } }),
      run('pids', { argv: ['/bin/sh', '-c', forks], limits: { ...limits, pids: PIDS } }),
      run('cpu', { argv: ['/bin/sh', '-c', spin], limits: { ...limits, cpuMillis: 100 } }),
    ]);
    return judge({ tried, memory, pids, cpu }, canary, launcher);
  } finally {
    await Promise.all([canary.close(), sandbox.remove()]);
    await volume.remove();
  }
}

function baseSpec(images: ImageCatalogue, id: string): ContainerSpec {
  const image = images.resolve('node');
  return {
    id,
    argv: [],
    env: image.env,
    workingDir: '/',
    uid: PROBE_UID,
    gid: PROBE_UID,
    groups: [],
    image: image.root,
    readOnlyRoot: true,
    noNewPrivileges: true,
    etc: {},
    mounts: [],
    limits: { memoryBytes: undefined, cpuMillis: undefined, pids: 64, openFiles: 256, scratchBytes: MIB },
  };
}

function triesSpec(canary: Canary, volumePath: string): Partial<ContainerSpec> {
  const script = readFileSync(fileURLToPath(new URL('probe-script.mjs', import.meta.url)), 'utf8');
  const { tcpPort, udpPort, abstractName } = canary;
  const target = {
    host: '192.0.2.1',
    tcpPort,
    udpPort,
    abstractName,
    volume: '/volume',
    volumeBytes: VOLUME_BYTES,
    readOnly: '/readonly',
  };
  return {
    argv: ['node', '--input-type=module', '-e', script, JSON.stringify(target)],
    mounts: [
      { source: volumePath, target: '/volume', readOnly: false },
      { source: volumePath, target: '/readonly', readOnly: true },
    ],
  };
}

async function runProbe(options: MeasureOptions, sandbox: PodSandbox, spec: ContainerSpec): Promise<Outcome> {
  const container = await sandbox.startContainer(spec);
  const timer = options.clock.after(PROBE_TIMEOUT_MS, () => container.signal('SIGKILL'));
  const [stdout, stderr, exit] = await Promise.all([
    textOf(container.stdout),
    textOf(container.stderr),
    container.exited,
  ]);
  timer.cancel();
  return { exit, output: stdout.trim() === '' ? stderr.trim() : stdout.trim() };
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text = `${text}${String(chunk)}`.slice(-4000);
  return text;
}

type Seen = Readonly<Record<string, string | number>>;
interface Outcomes {
  readonly tried: Outcome;
  readonly memory: Outcome;
  readonly pids: Outcome;
  readonly cpu: Outcome;
}

function judge({ tried, memory, pids, cpu }: Outcomes, canary: Canary, launcher: Launcher): ClusterCapabilities {
  const seen = parseSeen(tried.output);
  const because = seen['error'] === undefined ? '' : ` (${seen['error']})`;
  const { facts } = launcher;
  const refused = (key: string): boolean =>
    !['connected', 'sent', 'answered', 'written', undefined].includes(seen[key] as string | undefined);
  const reached = canary.hits();
  const network =
    reached.length === 0 && refused('loopback') && refused('outward') && refused('looked') && refused('abstract');
  const words = (...keys: string[]): string =>
    keys.map((key) => `${key}: ${seen[key] ?? 'not tried'}`).join(', ') + because;
  const isUser =
    seen['uid'] === PROBE_UID &&
    ['EPERM', 'EINVAL'].includes(String(seen['becomeRoot'])) &&
    /^0+$/.test(String(seen['capabilities'])) &&
    Number(seen['noNewPrivileges']) === 1;
  const hasSeccomp = Number(seen['seccomp'] ?? 0) > 0;
  return {
    network: held(
      network,
      reached.length > 0
        ? `reached: ${reached.join(', ')}`
        : `a canary on this machine heard nothing (${words('loopback', 'outward', 'looked', 'abstract')})`,
    ),
    localhost: held(seen['local'] === 'own', `a connection of the pod to itself: ${seen['local'] ?? 'not tried'}`),
    memory: limit(
      memory.output !== String(HOG_BYTES),
      `a process that took ${HOG_BYTES / MIB} MiB under a limit of ${MEMORY_BYTES / MIB} MiB`,
      'was killed',
      facts.why,
    ),
    cpu: limit(
      cpu.exit.throttledPeriods > 0,
      'a busy loop under a limit of 0.1 cores',
      `was held back ${cpu.exit.throttledPeriods} times`,
      facts.why,
    ),
    pids: limit(
      !pids.output.includes('all'),
      `starting ${PIDS * 3} processes under a limit of ${PIDS}`,
      'failed',
      facts.why,
    ),
    'volume-size': limit(
      seen['volume'] === 'ENOSPC',
      `${(VOLUME_BYTES * 2) / MIB} MiB on a volume of ${VOLUME_BYTES / MIB} MiB`,
      `ended with ${seen['volume']} (${facts.sizedVolumes})`,
      facts.why,
    ),
    readonly: held(refused('readOnlyMount') && refused('readOnlyRoot'), words('readOnlyMount', 'readOnlyRoot')),
    user: held(isUser, words('uid', 'becomeRoot', 'capabilities', 'noNewPrivileges')),
    seccomp: hasSeccomp
      ? { enforcement: 'enforced', evidence: 'a filter is active in /proc/self/status' }
      : {
          enforcement: 'recorded',
          evidence: 'no filter: util-linux cannot load one; the profile is kept in the pod spec only',
        },
  };
}

function held(isHeld: boolean, evidence: string): Capability {
  return { enforcement: isHeld ? 'enforced' : 'absent', evidence };
}

/** A limit that does not hold is still in the pod spec. */
function limit(isHeld: boolean, what: string, how: string, why: string): Capability {
  return isHeld
    ? { enforcement: 'enforced', evidence: `${what} ${how}` }
    : { enforcement: 'recorded', evidence: `${what} went through (${why})` };
}

function parseSeen(output: string): Seen {
  try {
    return JSON.parse(output) as Seen;
  } catch (error) {
    return { error: `${messageOf(error)}: ${output.slice(0, 200)}` };
  }
}
