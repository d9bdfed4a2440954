import { test } from 'vitest';
import type { RunningOperatorEngine } from '../../../engine/operator-engine/start.ts';
import type { EngineLab } from './testing/engine-lab.ts';
import { startEngineLab } from './testing/engine-lab.ts';
import type { Script } from './testing/instant-kubelet.ts';
import type { KillingNet } from './testing/killing-net.ts';
import { killingNet } from './testing/killing-net.ts';

const STORIES: readonly { name: string; script: Script; phase: string; runs: number; pods?: number }[] = [
  {
    name: 'a job that succeeds, once its gate could be started,',
    script: { compute: { kind: 'startError', times: 1 } },
    phase: 'finished',
    runs: 1,
    pods: 2,
  },
  {
    name: 'data that cannot be fetched',
    script: { configureReport: { ok: false, failed: 'data', code: 'CHECKSUM_MISMATCH', files: [] } },
    phase: 'dataProvisioningFailed',
    runs: 0,
  },
];

/** Some forty jobs and as many engines, one after the other. */
const TIMEOUT_MS = 60_000;

for (const { name, script, phase, runs, pods = runs } of STORIES) {
  test(
    `E1 E4: killed after any write and started again, the engine ends ${name} the same way`,
    { timeout: TIMEOUT_MS },
    async ({ expect }) => {
      const writes = await writesOf(script);
      expect(writes.start).toBeGreaterThan(0);
      expect(writes.job).toBeGreaterThan(7);
      await using lab = await startEngineLab({ scriptOf: () => script });
      let jobs = 0;
      let kills = 0;
      /** One job under an engine that is about to die, ended by the next, which is returned. */
      const survive = async (dying: Mortal, killed: string): Promise<Mortal> => {
        const jobId = await lab.submit(++jobs);
        // The last writes race with the end of the job: a kill that comes too late is a job that ended.
        await Promise.race([dying.killed, lab.gone(jobId)]);
        if (dying.net.isFenced) kills++;
        await dying.engine?.stop();
        const next = await startMortal(lab);
        await lab.gone(jobId);
        const record = lab.kubelet.archive.get(jobId);
        expect({ killed, phase: record?.status?.phase }).toEqual({ killed, phase });
        expect({ killed, ran: lab.kubelet.ran.get(jobId)?.size ?? 0 }).toEqual({ killed, ran: runs });
        expect({ killed, pods: lab.kubelet.computePods.get(jobId)?.size ?? 0 }).toEqual({ killed, pods });
        expect({ killed, left: lab.leftovers() }).toEqual({ killed, left: [] });
        return next;
      };
      for (let nth = 1; nth <= writes.start; nth++) {
        const next = await survive(await startMortal(lab, nth), `write ${nth} of its start`);
        await next.engine?.stop();
      }
      let living = await startMortal(lab);
      for (let nth = 1; nth <= writes.job; nth++) {
        living.dieAt(nth);
        living = await survive(living, `write ${nth} of the job`);
      }
      expect(kills).toBeGreaterThan((writes.start + writes.job) / 2);
    },
  );
}

interface Mortal extends KillingNet {
  /** Undefined where it died of its start. */
  readonly engine: RunningOperatorEngine | undefined;
}

async function startMortal(lab: EngineLab, killAt?: number): Promise<Mortal> {
  const mortal = killingNet(killAt);
  const starting = lab.startEngine({}, mortal.net);
  return { ...mortal, engine: await (killAt === undefined ? starting : starting.catch(() => undefined)) };
}

/** How many writes an undisturbed engine sends for its own start, and for one job. */
async function writesOf(script: Script): Promise<{ start: number; job: number }> {
  await using lab = await startEngineLab({ scriptOf: () => script });
  const { writes } = await startMortal(lab);
  const start = writes();
  await lab.gone(await lab.submit(1));
  return { start, job: writes() - start };
}
