import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { WavetankError } from '../../../core/errors.ts';
import { silentLogger } from '../../../core/log.ts';
import type { Net } from '../../../core/net.ts';
import { createNet } from '../../../core/net.ts';
import { thisProcess } from '../../../core/process/process-owner.ts';
import type { CommandOptions, RunCommand } from './command.ts';
import { leaseCluster } from './create-cluster.ts';
import { readRecords, writeRecord } from './journal.ts';
import { removeCluster, sweepClusters } from './remove-cluster.ts';

/** Docker and kind, as far as making and removing goes. */
class Machine {
  readonly commands: string[] = [];
  readonly containers = new Set<string>();
  /** With the label that says whose they are. */
  readonly networks = new Map<string, string>([
    ['kind', ''],
    ['somebody-elses', ''],
  ]);
  readonly images = new Set<string>();
  /** Of images without a name, their labels. */
  readonly labelled = new Map<string, string>();
  /** A container that the engine was asked for by somebody who is gone. */
  inFlight: string | undefined;
  /** What happens while kind creates. */
  onCreate: (options: CommandOptions) => Promise<void> = async () => undefined;

  readonly run: RunCommand = async (program, args, options) => {
    const line = [program, ...args].join(' ');
    this.commands.push(line);
    const name = args.at(-1) ?? '';
    const cluster = args[args.indexOf('--name') + 1] ?? '';
    if (line.includes('kind get clusters'))
      return [...this.containers].map((one) => one.replace('-control-plane', '')).join('\n');
    if (line.includes('kind create cluster')) {
      this.containers.add(`${cluster}-control-plane`);
      await this.onCreate(options);
    } else if (line.includes('kind delete cluster')) this.containers.delete(`${cluster}-control-plane`);
    else if (line.includes('docker create')) {
      // The engine has reserved the name of what it is about to make, and makes it.
      if (this.inFlight === cluster) {
        this.containers.add(cluster);
        throw new WavetankError('COMMAND_FAILED', `Conflict. The container name "/${cluster}" is already in use`);
      }
      this.containers.add(cluster);
    } else if (line.includes('docker network create')) {
      if (this.networks.has(name))
        throw new WavetankError('COMMAND_FAILED', `network with name ${name} already exists`);
      this.networks.set(name, /wavetank\.token=\S+/.exec(line)?.[0] ?? '');
    } else if (line.includes('docker network ls')) {
      const label = /label=(\S+)/.exec(line)?.[1];
      const found = [...this.networks].filter(([one, has]) => `name=^${one}$` === name && (label ?? has) === has);
      return found.map(([one]) => one).join('\n');
    } else if (line.includes('docker network rm')) this.networks.delete(name);
    else if (line.includes('docker ps')) {
      const wanted = /label=io\.x-k8s\.kind\.cluster=(\S+)/.exec(line)?.[1];
      return [...this.containers].filter((one) => one === `${wanted}-control-plane`).join('\n');
    } else if (line.includes('docker image ls --quiet --no-trunc --filter')) {
      return [...this.labelled.keys()].filter((id) => `label=${this.labelled.get(id)}` === name).join('\n');
    } else if (line.includes('docker image ls')) return this.images.has(name) ? 'sha256:1' : '';
    else if (line.includes('docker image rm')) {
      this.images.delete(name);
      this.labelled.delete(name);
    }
    return '';
  };
}

let stateDir: string;
let machine: Machine;
let net: Net;
beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), 'kind-journal-'));
  machine = new Machine();
  net = createNet();
});
afterEach(async () => {
  rmSync(stateDir, { recursive: true, force: true });
  await net.close();
});

const options = (changes: { reuse?: boolean; instance?: string } = {}): Parameters<typeof leaseCluster>[0] => ({
  run: machine.run,
  clock: systemClock,
  net,
  log: silentLogger,
  stateDir,
  instance: 'one',
  nodeImage: 'kindest/node:v1.34.4',
  proxyMode: 'iptables',
  reuse: false,
  signal: new AbortController().signal,
  ...changes,
});
const DEAD = { pid: 1, startTicks: '0', bootId: 'another boot', pidNamespace: '0' };
const record = (
  cluster: string,
  changes: Partial<Parameters<typeof writeRecord>[1]> = {},
): Parameters<typeof writeRecord>[1] => ({
  cluster,
  kubeconfigPath: path.join(stateDir, `${cluster}.kubeconfig`),
  images: [],
  owner: DEAD,
  isKept: false,
  isComplete: true,
  ...changes,
});

describe('a creation', () => {
  test('is in the journal before the first command', async () => {
    let seen: readonly string[] | undefined;
    const run: RunCommand = async (...call) => {
      seen ??= readRecords(stateDir).map(({ cluster }) => cluster);
      return machine.run(...call);
    };
    machine.onCreate = async () => Promise.reject(new WavetankError('COMMAND_FAILED', 'no'));
    const lease = leaseCluster({ ...options(), run });
    await expect(lease.node).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    expect(seen).toEqual(['wavetank-one']);
    await lease.release();
  });

  test("uses a network and a kubeconfig of its own, never the user's", async () => {
    machine.onCreate = async ({ env }) => {
      expect(env).toEqual({ KIND_EXPERIMENTAL_DOCKER_NETWORK: 'wavetank-one' });
      throw new WavetankError('COMMAND_FAILED', 'enough');
    };
    const lease = leaseCluster(options());
    await lease.node.catch(() => undefined);
    const create = machine.commands.find((line) => line.includes('create cluster'));
    expect(create).toContain(`--kubeconfig ${path.join(stateDir, 'wavetank-one.kubeconfig')}`);
    await lease.release();
  });

  test('that fails leaves nothing', async () => {
    machine.onCreate = async () => Promise.reject(new WavetankError('COMMAND_FAILED', 'no'));
    const lease = leaseCluster(options());
    await lease.node.catch(() => undefined);
    expect(machine.containers.size).toBe(1);
    await lease.release();
    expect(nothingIsLeft()).toEqual(EMPTY);
  });

  test('that is wanted no more is stopped, and leaves nothing', async () => {
    const begun = createUntilAborted();
    const lease = leaseCluster(options());
    await begun;
    await lease.release();
    await expect(lease.node).rejects.toMatchObject({ code: 'CLUSTER_RELEASED' });
    expect(nothingIsLeft()).toEqual(EMPTY);
  });
});

describe('a cluster of the same name that this journal knows nothing of', () => {
  const theirs = (label = 'wavetank.token=theirs'): void => {
    machine.containers.add('wavetank-one-control-plane');
    if (label !== '') machine.networks.set('wavetank-one', label);
    machine.images.add('wavetank/pods:1-one');
    machine.labelled.set('sha256:theirs', 'wavetank.instance=wavetank-one');
  };
  const expectTheirs = (): void => {
    expect([...machine.containers]).toEqual(['wavetank-one-control-plane']);
    expect([...machine.images]).toEqual(['wavetank/pods:1-one']);
    expect([...machine.labelled.keys()]).toEqual(['sha256:theirs']);
    expect(machine.commands.filter((line) => / rm | delete | create /.test(line))).toEqual([]);
  };
  const refused = { code: 'CLUSTER_EXISTS', category: 'usage' };

  test.each([
    ['another testbed', 'wavetank.token=theirs'],
    ["the user's own", ''],
  ])('is refused, and stays: %s', async (_whose, label) => {
    theirs(label);
    const lease = leaseCluster(options());
    await expect(lease.node).rejects.toMatchObject(refused);
    await expect(lease.place).rejects.toMatchObject(refused);
    await lease.release();
    expectTheirs();
    expect(readdirSync(stateDir)).toEqual([]);
  });

  test('is refused also while it is being made', async () => {
    machine.networks.set('wavetank-one', 'wavetank.token=theirs');
    const lease = leaseCluster(options());
    await expect(lease.node).rejects.toMatchObject(refused);
    await lease.release();
    expect(machine.networks.get('wavetank-one')).toBe('wavetank.token=theirs');
    expect(readdirSync(stateDir)).toEqual([]);
  });

  test('is refused where one is to be kept, too', async () => {
    machine.onCreate = async () => Promise.reject(new WavetankError('COMMAND_FAILED', 'no'));
    const first = leaseCluster(options({ reuse: true }));
    await first.node.catch(() => undefined);
    const [kept] = readRecords(stateDir);
    // The same folder in another container, without its journal.
    rmSync(path.join(stateDir, `${first.cluster}.cluster.json`));
    const second = leaseCluster(options({ reuse: true }));
    await expect(second.node).rejects.toMatchObject(refused);
    await second.release();
    expect([...machine.containers]).toEqual([`${first.cluster}-control-plane`]);
    if (kept) writeRecord(stateDir, kept);
    await first.release();
    expect(nothingIsLeft()).toEqual(EMPTY);
  });

  test('stays when a run is swept that was killed before it made its own', async () => {
    theirs();
    writeRecord(stateDir, record('wavetank-one', { token: 'ours', images: ['wavetank/pods:1-one'] }));
    await sweepClusters(machine.run, stateDir, { kept: true });
    expectTheirs();
    expect(readdirSync(stateDir)).toEqual([]);
  });
});

test('the name is ours as soon as its network is there, and all under it goes', async () => {
  const begun = createUntilAborted();
  const lease = leaseCluster(options());
  await lease.place;
  await begun;
  const [written] = readRecords(stateDir);
  expect(machine.networks.get('wavetank-one')).toBe(`wavetank.token=${written?.token}`);
  lease.noteImages(['wavetank/pods:1-one']);
  machine.images.add('wavetank/pods:1-one');
  await lease.release();
  expect([...machine.images]).toEqual([]);
  expect(machine.commands.findLast((line) => / rm /.test(line))).toBe('docker network rm wavetank-one');
  expect(nothingIsLeft()).toEqual(EMPTY);
});

describe('after a crash', () => {
  test('containers, network, images and files are removed, and nobody else is touched', async () => {
    writeRecord(stateDir, record('wavetank-dead', { images: ['wavetank/pods:1-dead'] }));
    writeRecord(stateDir, record('wavetank-alive', { owner: thisProcess() }));
    for (const file of ['wavetank-dead.kubeconfig', 'wavetank-dead.images.tar', 'wavetank-deadly.kubeconfig'])
      writeFileSync(path.join(stateDir, file), '');
    for (const name of ['wavetank-dead', 'wavetank-alive', 'users-own']) {
      machine.containers.add(`${name}-control-plane`);
      machine.networks.set(name, '');
    }
    machine.images.add('wavetank/pods:1-dead').add('node:24-slim');
    machine.labelled
      .set('sha256:dead', 'wavetank.instance=wavetank-dead')
      .set('sha256:alive', 'wavetank.instance=other');
    expect(await sweepClusters(machine.run, stateDir, { kept: true })).toEqual({
      removed: ['wavetank-dead'],
      failed: [],
    });
    expect([...machine.containers]).toEqual(['wavetank-alive-control-plane', 'users-own-control-plane']);
    expect([...machine.networks.keys()]).toEqual(['kind', 'somebody-elses', 'wavetank-alive', 'users-own']);
    expect([...machine.images]).toEqual(['node:24-slim']);
    expect([...machine.labelled.keys()]).toEqual(['sha256:alive']);
    expect(readdirSync(stateDir).toSorted()).toEqual(['wavetank-alive.cluster.json', 'wavetank-deadly.kubeconfig']);
  });

  test('a kept cluster stays for the next run and goes when everything goes; one that never got ready goes at once', async () => {
    writeRecord(stateDir, record('wavetank-kept-1', { isKept: true }));
    writeRecord(stateDir, record('wavetank-kept-2', { isKept: true, isComplete: false }));
    expect(await sweepClusters(machine.run, stateDir, { kept: false })).toEqual({
      removed: ['wavetank-kept-2'],
      failed: [],
    });
    expect(await sweepClusters(machine.run, stateDir, { kept: true })).toEqual({
      removed: ['wavetank-kept-1'],
      failed: [],
    });
    expect(await sweepClusters(machine.run, stateDir, { kept: true })).toEqual({ removed: [], failed: [] });
  });

  test('a cluster whose network was pruned is not forgotten: it is told, and goes once it is nobody', async () => {
    writeRecord(stateDir, record('wavetank-pruned', { token: 'ours' }));
    machine.containers.add('wavetank-pruned-control-plane');
    const { removed, failed } = await sweepClusters(machine.run, stateDir, { kept: true });
    expect([removed, failed]).toMatchObject([[], [{ error: { code: 'CLUSTER_WITHOUT_NETWORK' } }]]);
    machine.containers.clear();
    expect(await sweepClusters(machine.run, stateDir, { kept: true })).toMatchObject({ removed: ['wavetank-pruned'] });
  });

  test('what could not be removed stays in the journal', async () => {
    writeRecord(stateDir, record('wavetank-dead'));
    const run: RunCommand = async () => Promise.reject(new WavetankError('PROGRAM_MISSING', 'no docker'));
    expect(await sweepClusters(run, stateDir, { kept: true })).toMatchObject({
      removed: [],
      failed: [{ cluster: 'wavetank-dead', error: { code: 'PROGRAM_MISSING' } }],
    });
    expect(readRecords(stateDir)).toHaveLength(1);
  });

  test('one that cannot be removed keeps no other from it', async () => {
    for (const name of ['wavetank-1', 'wavetank-2', 'wavetank-3']) {
      writeRecord(stateDir, record(name));
      machine.containers.add(`${name}-control-plane`);
    }
    const run: RunCommand = async (program, args, more) => {
      if (program === 'kind' && args.includes('wavetank-2')) throw new WavetankError('COMMAND_FAILED', 'it hangs');
      return machine.run(program, args, more);
    };
    expect(await sweepClusters(run, stateDir, { kept: true })).toMatchObject({
      removed: ['wavetank-1', 'wavetank-3'],
      failed: [{ cluster: 'wavetank-2', error: { code: 'COMMAND_FAILED' } }],
    });
    expect(readRecords(stateDir).map(({ cluster }) => cluster)).toEqual(['wavetank-2']);
  });

  test('without a journal no program is asked for anything', async () => {
    expect(await sweepClusters(machine.run, path.join(stateDir, 'none'), { kept: true })).toEqual({
      removed: [],
      failed: [],
    });
    expect(machine.commands).toEqual([]);
  });
});

test('a kept cluster that somebody uses is refused, and stays theirs', async () => {
  machine.onCreate = async () => Promise.reject(new WavetankError('COMMAND_FAILED', 'no'));
  const lease = leaseCluster(options({ reuse: true }));
  expect(() => leaseCluster(options({ reuse: true, instance: 'two' }))).toThrow(
    expect.objectContaining({ code: 'CLUSTER_IN_USE', category: 'usage' }),
  );
  await lease.release();
  expect(nothingIsLeft()).toEqual(EMPTY);
});

test.each([['asked for, and there only after kind has gone'], ['never asked for']])(
  'a creation that is cut off before its container is there leaves nothing: %s',
  async (what) => {
    machine.onCreate = async ({ onStart }) => {
      onStart?.(2 ** 22);
      machine.containers.clear();
      if (what.startsWith('asked')) machine.inFlight = 'wavetank-one-control-plane';
      throw new WavetankError('COMMAND_CANCELLED', 'cut off');
    };
    const lease = leaseCluster(options());
    await lease.node.catch(() => undefined);
    await lease.release();
    expect(nothingIsLeft()).toEqual(EMPTY);
    expect(machine.commands.join('\n')).toContain('docker create --pull never');
  },
);

test('removing twice is removing once', async () => {
  machine.containers.add('wavetank-dead-control-plane');
  writeRecord(stateDir, record('wavetank-dead'));
  await removeCluster(machine.run, stateDir, record('wavetank-dead'));
  await removeCluster(machine.run, stateDir, record('wavetank-dead'));
  expect(nothingIsLeft()).toEqual(EMPTY);
});

const EMPTY = { containers: [], networks: ['kind', 'somebody-elses'], files: [] };

function nothingIsLeft(): object {
  return {
    containers: [...machine.containers],
    networks: [...machine.networks.keys()],
    files: readdirSync(stateDir),
  };
}

/** kind is at work until it is stopped. Resolves when it has begun. */
function createUntilAborted(): Promise<void> {
  const begun = Promise.withResolvers<void>();
  machine.onCreate = async ({ signal }) => {
    begun.resolve();
    await new Promise((_resolve, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    );
  };
  return begun.promise;
}
