import { expect, test } from 'vitest';
import { whyNoLabOnKind } from '../cluster/kind/testing/lab-kind.ts';
import { NO_TRACES, TestbedProcess } from '../cluster/kind/testing/testbed-process.ts';

const TEST_MS = 1_200_000;

test(
  'eu-us-lab on kind and MinIO, with everything enforced that kind enforces, and nothing left of it',
  { timeout: TEST_MS },
  async (context) => {
    const missing = await whyNoLabOnKind();
    if (missing !== undefined) return context.skip(missing);
    const testbed = new TestbedProcess();
    try {
      const backends = ['--backend', 'kind', '--storage', 'minio'];
      const required = ['--require', 'network,memory,readonly,user,seccomp'];
      const command = testbed.wavetank('scenario', 'eu-us-lab', ...backends, ...required, '--json');
      const { exited, printed } = command;
      await testbed.isReady(command);
      expect(await testbed.traces()).not.toEqual(NO_TRACES);
      const code = await exited;
      const report = JSON.parse(printed()) as Report;
      const failed = report.steps.flatMap(({ checks }) => checks.filter(({ outcome }) => outcome === 'failed'));
      expect(failed).toEqual([]);
      expect({ code, outcome: report.outcome }).toEqual({ code: 0, outcome: 'passed' });
      expect(await testbed.traces()).toEqual(NO_TRACES);
    } finally {
      await testbed.dispose();
    }
  },
);

interface Report {
  readonly outcome: string;
  readonly steps: readonly { readonly checks: readonly { readonly outcome: string; readonly name: string }[] }[];
}
