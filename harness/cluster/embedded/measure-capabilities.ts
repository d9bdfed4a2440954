import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import { randomHex } from '../../../core/entropy.ts';
import type { Capability, ClusterCapabilities } from '../cluster.ts';
import type { Canary } from './canary.ts';
import { startCanary } from './canary.ts';
import type { ImageCatalogue } from './kubelet/images.ts';
import { keepCapabilities, keptCapabilities } from './kept-capabilities.ts';
import { fellShort, judge } from './judge-capabilities.ts';
import type { Outcome } from './judge-capabilities.ts';
import type { ContainerSpec, Launcher, PodSandbox } from './launcher/launcher.ts';
import { thisProcess } from '../../../core/process/process-owner.ts';

export interface MeasureOptions {
  readonly launcher: Launcher;
  readonly images: ImageCatalogue;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Where an outcome that did not fall short is kept, per boot, container, kernel, launcher and Node version. Absent: measured every time. */
  readonly cacheDir?: string;
}

const MIB = 1024 * 1024;
const SIZES = { uid: 1000, volumeMib: 4, memoryMib: 24, hogMib: 48, pids: 24 };
/** A probe that takes longer hangs; it is killed, and what it was to show counts as not shown. */
const PROBE_TIMEOUT_MS = 15_000;

/** Tries each thing a container must not be able to do, once, and says what held. */
export async function measureCapabilities(options: MeasureOptions): Promise<ClusterCapabilities> {
  const { launcher, cacheDir, entropy } = options;
  const key = fingerprint(launcher);
  const kept = cacheDir === undefined ? undefined : keptCapabilities(cacheDir, key);
  if (kept !== undefined) return kept;
  const measured = launcher.facts.isolated ? await probe(options) : allAbsent(launcher.facts.why);
  if (cacheDir !== undefined && !fellShort(measured, launcher.facts))
    keepCapabilities(cacheDir, key, measured, randomHex(entropy, 6));
  return measured;
}

function fingerprint(launcher: Launcher): string {
  const { bootId, pidNamespace } = thisProcess();
  const facts = [bootId, pidNamespace, release(), launcher.kind, launcher.facts, process.version, process.getuid?.()];
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

async function probe(options: MeasureOptions): Promise<ClusterCapabilities> {
  const { launcher, entropy } = options;
  const name = `wavetank-canary-${randomHex(entropy, 8)}`;
  const [canary, sandbox, volume] = await Promise.all([
    startCanary(name),
    launcher.createPodSandbox({ id: `probe-${randomHex(entropy, 4)}`, hostname: 'probe' }),
    launcher.createVolume({ id: `probe-${randomHex(entropy, 4)}`, sizeBytes: SIZES.volumeMib * MIB }),
  ]);
  try {
    const run = (id: string, extra: Partial<ContainerSpec>): Promise<Outcome> =>
      runProbe(options, sandbox, { ...baseSpec(options.images, id), ...extra });
    const limits = baseSpec(options.images, '').limits;
    const hog = `head -c ${SIZES.hogMib * MIB} /dev/zero | tail -c ${SIZES.hogMib * MIB} | wc -c`;
    const forks = `i=0; while [ $i -lt ${SIZES.pids * 3} ]; do sleep 3 & i=$((i+1)); done; echo all`;
    const spin = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo done';
    const [tried, memory, pids, cpu] = await Promise.all([
      run('tries', triesSpec(canary, volume.path)),
      run('memory', { argv: ['/bin/sh', '-c', hog], limits: { ...limits, memoryBytes: SIZES.memoryMib * MIB } }),
      run('pids', { argv: ['/bin/sh', '-c', forks], limits: { ...limits, pids: SIZES.pids } }),
      run('cpu', { argv: ['/bin/sh', '-c', spin], limits: { ...limits, cpuMillis: 100 } }),
    ]);
    return judge({ tried, memory, pids, cpu, reached: canary.hits() }, SIZES, launcher.facts);
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
    uid: SIZES.uid,
    gid: SIZES.uid,
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
    volumeBytes: SIZES.volumeMib * MIB,
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
  let isOver = false;
  const timer = options.clock.after(PROBE_TIMEOUT_MS, () => {
    isOver = true;
    container.signal('SIGKILL');
  });
  const [stdout, stderr, exit] = await Promise.all([
    textOf(container.stdout),
    textOf(container.stderr),
    container.exited,
  ]);
  timer.cancel();
  return { exit, output: stdout.trim() === '' ? stderr.trim() : stdout.trim(), isOver };
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text = `${text}${String(chunk)}`.slice(-4000);
  return text;
}
