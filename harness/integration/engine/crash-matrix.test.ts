import { test } from 'vitest';
import { startEngineLab } from './testing/engine-lab.ts';
import type { Script } from './testing/instant-kubelet.ts';
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

/** Some thirty jobs and sixty engines, one after the other. */
const TIMEOUT_MS = 60_000;

for (const { name, script, phase, runs, pods = runs } of STORIES) {
  test(
    `E1 E4: killed after any write and started again, the engine ends ${name} the same way`,
    { timeout: TIMEOUT_MS },
    async ({ expect }) => {
      const total = await writesOf(script);
      expect(total).toBeGreaterThan(8);
      await using lab = await startEngineLab({ scriptOf: () => script });
      for (let killAt = 1; killAt <= total; killAt++) {
        const dying = killingNet(killAt);
        const first = await lab.startEngine({}, dying.net).catch(() => undefined);
        const jobId = await lab.submit(killAt);
        // The last writes race with the end of the job: a kill that comes too late is a job that ended.
        await Promise.race([dying.killed, lab.gone(jobId)]);
        await first?.stop();
        const second = await lab.startEngine();
        await lab.gone(jobId);
        await second.stop();
        const record = lab.kubelet.archive.get(jobId);
        expect({ killAt, phase: record?.status?.phase }).toEqual({ killAt, phase });
        expect({ killAt, ran: lab.kubelet.ran.get(jobId)?.size ?? 0 }).toEqual({ killAt, ran: runs });
        expect({ killAt, pods: lab.kubelet.computePods.get(jobId)?.size ?? 0 }).toEqual({ killAt, pods });
        expect({ killAt, left: lab.leftovers() }).toEqual({ killAt, left: [] });
      }
    },
  );
}

/** How many writes an undisturbed engine sends for one job, its own start included. */
async function writesOf(script: Script): Promise<number> {
  await using lab = await startEngineLab({ scriptOf: () => script });
  const counting = killingNet();
  await lab.startEngine({}, counting.net);
  await lab.gone(await lab.submit(1));
  return counting.writes();
}
