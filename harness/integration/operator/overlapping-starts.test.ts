import type { Dispatcher } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { Net } from '../../../core/net.ts';
import { createNet } from '../../../core/net.ts';
import { systemSeams } from '../../../core/seams.ts';
import { UNFINISHED_START_HEADER } from '../../../core/protocol/unfinished-start.ts';
import type { WorkflowRequest } from '../../../core/protocol/workflow.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import { LABELS, objectNames, WORKFLOWS } from '../../../engine/api/names.ts';
import type { WorkFlow } from '../../../engine/api/workflow.ts';
import { CONFIG_MAPS, SECRETS } from '../../../engine/kubernetes/objects.ts';
import type { RunningOperatorService } from '../../../engine/operator-service/start.ts';
import type { LabAnswer, OperatorLab } from './operator-lab.ts';
import { NAMESPACE, startOperatorLab, workflowRequest } from './operator-lab.ts';

/**
 * A start writes three objects, one after the other: claim, Secret, WorkFlow. A Provider that hears nothing for ten seconds
 * sends it again, with new capabilities, while the first try may still be at any of them, in another replica too.
 */
const COMPUTE = '/api/v1/operator/compute';
const CAPABILITIES = { a: 'cap-of-a', b: 'cap-of-b' } as const;
type Try = keyof typeof CAPABILITIES;
const TRIES = ['a', 'b'] as const;
/** Which try writes next. Neither is told from the other, so `a` begins. */
const ORDERS = interleavings('aaa', 'bbb').filter((order) => order.startsWith('a'));

let lab: OperatorLab;
let services: Record<Try, RunningOperatorService>;
const gates: Record<Try, Gate> = { a: createGate(), b: createGate() };
let counter = 0;

beforeAll(async () => {
  lab = await startOperatorLab();
  const [a, b] = await Promise.all(
    TRIES.map((one) => lab.startService({ seams: systemSeams({ net: gates[one].net }) })),
  );
  services = { a: a as RunningOperatorService, b: b as RunningOperatorService };
});
afterAll(async () => {
  for (const one of TRIES) await services[one].stop();
  await lab.stop();
});

describe('two tries of one start', () => {
  test.each(ORDERS)('that write in the order %s make one job that can run', async (order) => {
    const start = await beginBoth();
    for (const one of order) await start.letWrite(one as Try);
    for (const { status, body } of await start.answers(...TRIES))
      expect([status, body]).toMatchObject([200, [{ jobId: start.jobId }]]);
    await expectRunnable(start.jobId);
    await expectNothingLeftAtTheEnd(start.jobId);
  });

  /** The last letters of `a` never come: it is cut off before its next write. */
  test.each(['bbb', ...['a', 'aa'].flatMap((cut) => interleavings(cut, 'bbb'))])(
    'of which the first dies, as in %s, make one job that can run',
    async (order) => {
      const start = await beginBoth();
      for (const one of order) await start.letWrite(one as Try);
      const [answer] = await start.answers('b');
      expect(answer).toMatchObject({ status: 200, body: [{ jobId: start.jobId }] });
      await expectRunnable(start.jobId);
      gates.a.drop();
      await start.answers('a');
      await expectRunnable(start.jobId);
      await expectNothingLeftAtTheEnd(start.jobId);
    },
  );

  test.each(['aaabbb', 'aabbba', 'ababab'])('that are the same to the byte, in the order %s', async (order) => {
    const start = await beginBoth({ a: 'the-same', b: 'the-same' });
    for (const one of order) await start.letWrite(one as Try);
    for (const { status } of await start.answers(...TRIES)) expect(status).toBe(200);
    await expectRunnable(start.jobId);
    await expectNothingLeftAtTheEnd(start.jobId);
  });

  test('of which one comes to its claim when the job of the other has ended and gone make no second job', async () => {
    const start = await beginBoth();
    await start.answers('a');
    await endAndGo(start.jobId);
    const [answer] = await start.answers('b');
    expect(answer).toMatchObject({
      status: 200,
      body: [{ jobId: start.jobId, dateFinished: expect.any(String) as string }],
    });
    expect(await lab.client.find(WORKFLOWS, workflowRef(start.jobId))).toBeUndefined();
    await nothingIsLeft(start.jobId);
  });

  test('are told of in the answer about their job, until there is one', async () => {
    const start = await beginBoth();
    const told = async (url?: string): Promise<string | null> => {
      const answer = await lab.ask('GET', `${COMPUTE}?jobId=${start.jobId}`, url === undefined ? {} : { url });
      return answer.headers.get(UNFINISHED_START_HEADER);
    };
    const here = services.a.url;
    expect([await told(here), await told()]).toEqual(['true', null]);
    await start.letWrite('a');
    // Now there is a claim, which every replica sees.
    expect([await told(here), await told()]).toEqual(['true', 'true']);
    await start.answers(...TRIES);
    expect(await told(here)).toBe(null);
    await expectNothingLeftAtTheEnd(start.jobId);
  });
});

async function beginBoth(capabilities: Readonly<Record<Try, string>> = CAPABILITIES) {
  const agreementId = `0x${String(++counter).padStart(64, '0')}`;
  const request = workflowRequest(lab.files.url, { agreementId });
  const sent: Record<Try, Sent> = { a: send('a'), b: send('b') };
  function send(one: Try): Sent {
    const state: Sent = { isDone: false, answer: ask(one) };
    void Promise.allSettled([state.answer]).then(() => (state.isDone = true));
    return state;
  }
  function ask(one: Try): Promise<LabAnswer> {
    return lab.ask('POST', COMPUTE, { body: withCapability(request, capabilities[one]), url: services[one].url });
  }
  const isStill = (one: Try): Promise<true> =>
    waitUntil(`${one} to write or to end`, () => (gates[one].isHolding() || sent[one].isDone ? true : undefined), {
      clock: systemClock,
      timeoutMs: 5000,
      intervalMs: 1,
    });
  // Both have looked for the job, and found none.
  await Promise.all(TRIES.map(isStill));
  const letWrite = async (one: Try): Promise<void> => {
    gates[one].pass();
    await isStill(one);
  };
  return {
    jobId: request.jobId,
    letWrite,
    /** Whatever more they write goes through. */
    async answers(...of: Try[]): Promise<LabAnswer[]> {
      for (const one of of) while (!sent[one].isDone) await letWrite(one);
      return Promise.all(of.map((one) => sent[one].answer));
    },
  };
}

interface Sent {
  isDone: boolean;
  readonly answer: Promise<LabAnswer>;
}

function withCapability(request: WorkflowRequest, capability: string): WorkflowRequest {
  const changed = structuredClone(request);
  for (const file of changed.workflow.stages[0].input.flatMap(({ files }) => files))
    Object.assign(file, { capability });
  return changed;
}

/** The broker gives pod-configure its plan: only when the Secret is the one that the WorkFlow names by digest. */
async function expectRunnable(jobId: string): Promise<void> {
  const token = `configure-token-of-${jobId}`;
  const ref = { namespace: NAMESPACE, name: objectNames.stageToken(jobId, 'configure') };
  if (!(await lab.client.find(SECRETS, ref))) await lab.giveToken(jobId, 'configure');
  const answer = await fetch(`${lab.broker.url}/v1/plan`, { headers: { authorization: `Bearer ${token}` } });
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining(jobId)]);
}

/** As the engine does, which deletes what the WorkFlow names; the other Secrets go with the claim. */
async function expectNothingLeftAtTheEnd(jobId: string): Promise<void> {
  const namespace = NAMESPACE;
  const { spec } = await lab.client.get<WorkFlow>(WORKFLOWS, workflowRef(jobId));
  await end(jobId);
  for (const name of [spec.secret.name, objectNames.stageToken(jobId, 'configure')])
    await lab.client.delete(SECRETS, { namespace, name }).catch(() => undefined);
  await nothingIsLeft(jobId);
}

const workflowRef = (jobId: string) => ({ namespace: NAMESPACE, name: objectNames.workflow(jobId) });

const end = (jobId: string): Promise<WorkFlow> =>
  lab.patchStatus(jobId, { phase: 'stopped', finishedAt: new Date(systemClock.now()).toISOString() });

/** As an engine does that keeps no ended job: with its record stored, the WorkFlow goes. */
async function endAndGo(jobId: string): Promise<void> {
  const ref = workflowRef(jobId);
  await end(jobId);
  const isArchived = async (): Promise<true | undefined> =>
    (await lab.client.get<WorkFlow>(WORKFLOWS, ref)).status?.archived ? true : undefined;
  await waitUntil('the record', isArchived, { clock: systemClock, timeoutMs: 5000, intervalMs: 2 });
  await lab.client.mergePatch(WORKFLOWS, ref, { metadata: { finalizers: null } });
  await lab.client.delete(WORKFLOWS, ref);
}

async function nothingIsLeft(jobId: string): Promise<void> {
  const left = async (): Promise<string[]> => {
    const labelSelector = `${LABELS.job}=${jobId}`;
    const lists = await Promise.all(
      [CONFIG_MAPS, SECRETS].map((kind) => lab.client.list(kind, { namespace: NAMESPACE, labelSelector })),
    );
    return lists.flatMap(({ items }) => items.map(({ metadata }) => metadata.name));
  };
  await waitUntil('nothing to be left', async () => ((await left()).length === 0 ? true : undefined), {
    clock: systemClock,
    timeoutMs: 5000,
    intervalMs: 2,
  });
}

/** Every order in which the letters of both can follow each other. */
function interleavings(first: string, second: string): string[] {
  if (first === '' || second === '') return [first + second];
  return [
    ...interleavings(first.slice(1), second).map((rest) => first.charAt(0) + rest),
    ...interleavings(first, second.slice(1)).map((rest) => second.charAt(0) + rest),
  ];
}

interface Gate {
  readonly net: Net;
  isHolding(): boolean;
  /** Lets the held write go on; nothing when none is held. */
  pass(): void;
  /** Fails the held write without its having arrived. */
  drop(): void;
}

/** Holds every request that makes a claim, a Secret or a WorkFlow until it is told to go on. */
function createGate(): Gate {
  const base = createNet();
  const held: ((path?: string) => void)[] = [];
  const intercept =
    (dispatch: Dispatcher.Dispatch): Dispatcher.Dispatch =>
    (options, handler) => {
      const isWrite = options.method === 'POST' && /\/(configmaps|secrets|workflows)$/.test(options.path);
      if (!isWrite) return dispatch(options, handler);
      held.push((path = options.path) => void dispatch({ ...options, path }, handler));
      return true;
    };
  const net: Net = {
    ...base,
    child(options) {
      const child = base.child(options);
      return { ...child, dispatcher: child.dispatcher.compose(intercept) };
    },
  };
  return {
    net,
    isHolding: () => held.length > 0,
    pass: () => held.shift()?.(),
    drop: () => held.shift()?.('/nowhere'),
  };
}
