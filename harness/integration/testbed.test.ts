import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { waitUntil } from '../../core/wait-until.ts';
import { algorithmCatalogue } from '../../fixtures/algorithms/catalogue.ts';
import { machineDifference } from '../accounting/machine.ts';
import type { MachineSnapshot } from '../accounting/machine.ts';
import { takeSnapshot } from '../accounting/snapshot.ts';
import type { ComputeOrder } from '../actors/consumer.ts';
import type { Endpoints, RunningTestbed } from '../running-testbed.ts';
import type { Answer } from '../scenario/checks.ts';
import { startTestbed } from '../testbed.ts';

// A temporary folder of its own: other test files make testbeds at the same time. Short, since sockets lie in it.
const ownFolder = mkdtempSync(path.join(tmpdir(), 'tb-'));
process.env['TMPDIR'] = ownFolder;
const stateRoot = path.join(ownFolder, 'state');
afterAll(() => rmSync(ownFolder, { recursive: true, force: true }));

/** Folders of the state root that are kept on purpose: what they hold is the same for every run. */
const KEPT = ['cluster', 'pods-app'];
const leftIn = (folder: string): string[] => readdirSync(folder).filter((name) => !KEPT.includes(name));
const runtimeFolders = (): string[] => readdirSync(ownFolder).filter((name) => /^(wt-|wavetank-)/.test(name));
const machine = (): MachineSnapshot =>
  takeSnapshot({ folders: [path.join(stateRoot, 'none')], cgroup: 'wavetank-of-nobody' });

function value<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  throw new Error(`refused: ${JSON.stringify(answer.refusal)}`);
}

describe('a testbed', () => {
  let before: MachineSnapshot;
  let testbed: RunningTestbed;
  let order: ComputeOrder;

  beforeAll(async () => {
    before = machine();
    testbed = await startTestbed({ stateRoot, instance: 'lab' });
  });
  afterAll(() => testbed?.stop());

  test('tells outside clients where everything is, in a file for its owner alone', () => {
    const file = path.join(stateRoot, 'lab', 'endpoints.json');
    expect(testbed.endpointsFile).toBe(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    const endpoints = JSON.parse(readFileSync(file, 'utf8')) as Endpoints;
    expect(endpoints).toEqual(testbed.endpoints);
    expect(endpoints).toMatchObject({ version: 1, chainId: 8996, standIns: [] });
    expect(endpoints.accounts.map(({ name }) => name)).toEqual([
      'deployer',
      'euLab',
      'usLab',
      'stranger',
      'provider',
      'environment',
    ]);
    expect(JSON.parse(readFileSync(endpoints.addressFile, 'utf8'))).toHaveProperty('development.ERC721Factory');
    expect(statSync(endpoints.kubeconfig).mode & 0o777).toBe(0o600);
  });

  test('takes a job from publishing to results, over JSON-RPC and HTTP alone', async () => {
    const { euLab, usLab } = testbed.actors;
    const data = testbed.servers.euLab.publish('data.txt', 'hello');
    const code = testbed.servers.usLab.publish('no-op.cjs', { path: algorithmCatalogue['no-op'].file });
    const container = { ...testbed.images.node, entrypoint: 'node $ALGO' };
    const [algorithm, published] = await Promise.all([
      usLab.publishAlgorithm({ name: 'no-op', files: [code.url], container }).then(value),
      euLab.publishDataset({ name: 'recordings', files: [data.url] }).then(value),
    ]);
    const dataset = value(await euLab.approveAlgorithm(published, algorithm));
    order = value(await usLab.orderCompute({ dataset, algorithm }));
    expect(value(await usLab.resolve(dataset.did)).nft.state).toBe(0);

    const job = value(await usLab.startCompute(order));
    const states: number[] = [];
    const ended = await usLab.follow(job.jobId, { onChange: ({ status }) => states.push(status) });
    expect(ended).toMatchObject({
      status: 70,
      statusText: 'Job finished',
      dateFinished: expect.stringMatching(/^\d+/),
    });
    expect(states).toEqual(states.toSorted((a, b) => a - b));
    expect([...value(await usLab.downloadResults(job.jobId)).keys()]).toEqual(['algorithm.log']);
    // The consumer is told before the last pod is cleared away.
    const gone = async (): Promise<true | undefined> =>
      (await testbed.observe.pods()).length === 0 ? true : undefined;
    expect(await waitUntil('the pods to be gone', gone, { clock: systemClock, timeoutMs: 10_000 })).toBe(true);
    const stages = (await testbed.observe.podsEverCreated(job.jobId)).map(({ stage }) => stage);
    expect(stages).toEqual(['configure', 'compute', 'publish']);
    // So is the record: only then nothing more can be stored.
    const recorded = async (): Promise<true | undefined> => {
      const objects = await testbed.observe.objects('results', `jobs/${job.jobId}/`);
      return objects.some(({ key }) => path.basename(key) === 'record.json') ? true : undefined;
    };
    expect(await waitUntil('the record', recorded, { clock: systemClock, timeoutMs: 10_000 })).toBe(true);
  });

  test('a refusal and its twin differ in one input', async () => {
    const { usLab, stranger } = testbed.actors;
    const forged = await usLab.startCompute(order, { alteration: { privateKey: stranger.privateKey } });
    expect(forged).toMatchObject({ ok: false, refusal: { code: 'SIGNATURE_INVALID' } });
    const job = value(await usLab.startCompute(order));
    await usLab.follow(job.jobId);
    const foreign = await stranger.downloadResult(job.jobId, 0);
    expect(foreign.ok).toBe(false);
    expect((await usLab.downloadResult(job.jobId, 0)).ok).toBe(true);
  });

  test('a killed component answers nobody until it is started again', async () => {
    await testbed.kill('provider');
    expect(await testbed.actors.usLab.environments()).toMatchObject({ ok: false, refusal: { code: 'UNREACHABLE' } });
    await testbed.restart('provider');
    expect(await testbed.actors.usLab.environments()).toMatchObject({ ok: true });
  });

  test('the chain can be moved on in time', async () => {
    const now = await testbed.chain.now();
    await testbed.chain.advanceTime(3600);
    expect(await testbed.chain.now()).toBeGreaterThanOrEqual(now + 3600);
  });

  test('a second one of the same name is refused', async () => {
    await expect(startTestbed({ stateRoot, instance: 'lab' })).rejects.toThrow(
      expect.objectContaining({ code: 'INSTANCE_RUNNING', category: 'usage' }),
    );
  });

  test('nothing is left of it, nor of canaries that nobody stopped', async () => {
    const { unixSocket } = await testbed.observe.startCanaryListeners();
    await testbed.stop();
    expect(existsSync(path.dirname(unixSocket))).toBe(false);
    await expect(testbed.observe.startCanaryListeners()).rejects.toMatchObject({ code: 'ALREADY_STOPPING' });
    expect(leftIn(stateRoot)).toEqual([]);
    expect(readdirSync(path.join(stateRoot, 'cluster')).filter((name) => !name.startsWith('capabilities-'))).toEqual(
      [],
    );
    const { processes, ports, mounts, namespaces } = machineDifference(before, machine());
    expect({ processes, ports, mounts, namespaces }).toEqual({
      processes: { added: [], removed: [] },
      ports: { added: [], removed: [] },
      mounts: { added: [], removed: [] },
      namespaces: { added: [], removed: [] },
    });
  });
});

test.each([0, 60, 250, 600])('interrupted %i ms after its start it leaves nothing', async (ms) => {
  const before = machine();
  const folders = runtimeFolders();
  const interruption = new AbortController();
  const timer = systemClock.after(ms, () => interruption.abort(new Error('Ctrl-C')));
  const outcome = await startTestbed({ stateRoot }, { signal: interruption.signal }).catch(
    (error: unknown) => error as Error,
  );
  timer.cancel();
  // A fast machine may be ready by then: it is stopped like any other.
  if (!(outcome instanceof Error)) await outcome.stop();
  expect(outcome instanceof Error ? outcome.message : 'Ctrl-C').toBe('Ctrl-C');
  expect(leftIn(stateRoot)).toEqual([]);
  expect(machineDifference(before, machine()).processes.added).toEqual([]);
  expect(machineDifference(before, machine()).ports.added).toEqual([]);
  expect(runtimeFolders().filter((name) => !folders.includes(name))).toEqual([]);
});

test('a part that cannot start takes the others down with it', async () => {
  const before = machine();
  const file = path.join(stateRoot, 'pods-app');
  rmSync(file, { recursive: true, force: true });
  writeFileSync(file, 'where a folder should be');
  await expect(startTestbed({ stateRoot })).rejects.toThrow(
    expect.objectContaining({ code: 'START_FAILED', message: expect.stringContaining('cluster') }),
  );
  rmSync(file);
  expect(leftIn(stateRoot)).toEqual([]);
  expect(machineDifference(before, machine()).ports.added).toEqual([]);
});
