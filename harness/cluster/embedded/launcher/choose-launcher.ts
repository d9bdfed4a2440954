import { existsSync, readFileSync } from 'node:fs';
import { messageOf } from '../../../../core/errors.ts';
import { WavetankError } from '../../../../core/errors.ts';
import type { Native } from '../../../../core/native.ts';
import type { Journal } from './journal.ts';
import type { Launcher, LauncherKind } from './launcher.ts';
import { startNoIsolationLauncher } from './none.ts';
import { TOOLS_OF_THE_NODE } from './sandbox-node.ts';
import { findTool } from './tools.ts';
import { startUtilLinuxLauncher } from './util-linux.ts';

export interface ChooseLauncherOptions {
  readonly native: Native;
  readonly instance: string;
  readonly runtimeDir: string;
  /** For volumes' contents; default: `runtimeDir`. */
  readonly diskDir?: string;
  /** Takes this one or fails; without it the best that the machine allows, and `facts.why` tells why not a better. */
  readonly want?: LauncherKind;
  readonly journal?: Journal;
}

/**
 * Tries to run something in a sandbox and takes what works. What is missing is never passed over in silence: it is in
 * `facts.why`, from there in the capabilities, and `--require` turns it into a failure.
 * @throws WavetankError LAUNCHER_UNAVAILABLE when `want` does not work here.
 */
export async function chooseLauncher(options: ChooseLauncherOptions): Promise<Launcher> {
  const { native, instance, runtimeDir, want } = options;
  const journal = options.journal ? { journal: options.journal } : {};
  const disk = options.diskDir === undefined ? {} : { diskDir: options.diskDir };
  const reasons: string[] = [];
  if (want !== 'none') {
    const missing = missingTools();
    if (missing.length > 0) reasons.push(`not installed: ${missing.join(', ')}`);
    else {
      try {
        const launcher = await startUtilLinuxLauncher({
          native,
          instance,
          runtimeDir,
          isRoot: process.getuid?.() === 0,
          ...journal,
          ...disk,
        });
        return await tried(launcher);
      } catch (error) {
        const advice = adviceFor(machine());
        reasons.push(`util-linux: ${messageOf(error)}${advice === undefined ? '' : ` (${advice})`}`);
      }
    }
    if (want !== undefined) {
      throw new WavetankError('LAUNCHER_UNAVAILABLE', reasons.join('; '), {
        category: 'environment',
        hint: 'The sandbox needs user namespaces, or root, and util-linux 2.36 or newer.',
      });
    }
  }
  const why = want === 'none' ? 'isolation was switched off' : `no isolation on this machine: ${reasons.join('; ')}`;
  return startNoIsolationLauncher({ native, runtimeDir: options.diskDir ?? runtimeDir, why, ...journal });
}

/** Starts one container that does nothing: a machine may allow namespaces and still refuse a mount in them. */
async function tried(launcher: Launcher): Promise<Launcher> {
  try {
    const sandbox = await launcher.createPodSandbox({ id: 'trial', hostname: 'trial' });
    const container = await sandbox.startContainer({
      id: 'trial',
      argv: ['true'],
      env: { PATH: '/usr/bin:/bin' },
      workingDir: '/',
      uid: 1000,
      gid: 1000,
      groups: [],
      image: {
        mounts: [{ source: '/usr', target: '/usr' }],
        links: { '/bin': 'usr/bin', '/lib': 'usr/lib', '/lib64': 'usr/lib64' },
      },
      readOnlyRoot: true,
      noNewPrivileges: true,
      etc: {},
      mounts: [],
      limits: { memoryBytes: undefined, cpuMillis: undefined, pids: 64, openFiles: 256, scratchBytes: 1024 * 1024 },
    });
    container.stdout.resume();
    container.stderr.resume();
    const { code } = await container.exited;
    await sandbox.remove();
    if (code !== 0)
      throw new WavetankError('SANDBOX_TRIAL_FAILED', `a sandboxed process that should do nothing ended with ${code}`);
    return launcher;
  } catch (error) {
    await launcher.stop();
    throw error;
  }
}

export interface Machine {
  readonly isInContainer: boolean;
  readonly isRoot: boolean;
  /** Of a kernel's setting; undefined where it has none of that name. */
  readonly sysctl: (name: string) => string | undefined;
}

/** Settings by which systems keep user namespaces from ordinary users: Ubuntu's AppArmor, Debian's kernel, an administrator. */
const REFUSALS = [
  ['kernel.apparmor_restrict_unprivileged_userns', '1', '0'],
  ['kernel.unprivileged_userns_clone', '0', '1'],
  ['user.max_user_namespaces', '0', '15000'],
] as const;

/** What somebody who wants isolation can do, as far as the machine shows it. */
export function adviceFor({ isInContainer, isRoot, sysctl }: Machine): string | undefined {
  if (isInContainer)
    return 'in a container that may make no namespaces: start it privileged, as `docker run --privileged` does';
  if (isRoot) return undefined;
  const refusal = REFUSALS.find(([name, refusing]) => sysctl(name) === refusing);
  if (refusal === undefined) return undefined;
  const [name, , allowing] = refusal;
  return `this system keeps user namespaces from ordinary users: \`sudo sysctl -w ${name}=${allowing}\`, or run it with sudo`;
}

function machine(): Machine {
  return { isInContainer: isInContainer(), isRoot: process.getuid?.() === 0, sysctl };
}

function sysctl(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Marks of Docker, Podman and Kubernetes. */
function isInContainer(): boolean {
  return ['/.dockerenv', '/run/.containerenv', '/run/secrets/kubernetes.io'].some((mark) => existsSync(mark));
}

/** `ip (package iproute2)`: what somebody who wants isolation has to install. */
function missingTools(): string[] {
  return Object.entries(TOOLS_OF_THE_NODE).flatMap(([bundle, tools]) => {
    const missing = tools.filter((tool) => findTool(tool) === undefined);
    return missing.length === 0 ? [] : [`${missing.join(' and ')} (package ${bundle})`];
  });
}
