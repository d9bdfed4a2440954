import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { whyNoLabOnKind } from './testing/lab-kind.ts';
import type { Traces } from './testing/testbed-process.ts';
import { NO_TRACES, TestbedProcess } from './testing/testbed-process.ts';

const TEST_MS = 600_000;
const UP = ['up', '--backend', 'kind', '--storage', 'minio'];
const HARNESS = fileURLToPath(new URL('../../index.ts', import.meta.url));

/** A story that waits until a file is there, and ends badly. */
const failingOn = (file: string): string => `
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { defineScenario } from ${JSON.stringify(HARNESS)};
export default defineScenario({
  name: 'fails', title: 'A check that fails', summary: 'One check, and it does not hold.',
  async run({ step }) {
    await step('A check fails', async (check) => {
      while (!existsSync(${JSON.stringify(file)})) await pause(20);
      check.equal('one is two', 1, 2);
    });
  },
});
`;

const reason = await whyNoLabOnKind();
// Success is in integration/scenario.kind.test.ts, where something succeeds.
describe.skipIf(reason !== undefined)(
  `what is left of a testbed on kind and MinIO${reason === undefined ? '' : ` (${reason})`}`,
  { concurrent: true, timeout: TEST_MS },
  () => {
    async function withTestbed(tell: (testbed: TestbedProcess) => Promise<void>): Promise<void> {
      const testbed = new TestbedProcess();
      try {
        await tell(testbed);
      } finally {
        await testbed.dispose();
      }
    }

    test('killed while its cluster is being made: down removes what there is', () =>
      withTestbed(async (testbed) => {
        const command = testbed.wavetank(...UP);
        const { child, exited } = command;
        await testbed.nodeIsMade(command);
        child.kill('SIGKILL');
        expect(await exited).toBe('SIGKILL');
        expect(await testbed.traces()).not.toEqual(NO_TRACES);
        expect(await testbed.wavetank('down').exited).toBe(0);
        expect(await testbed.traces()).toEqual(NO_TRACES);
      }));

    test('killed when it is ready: down removes what there is', () =>
      withTestbed(async (testbed) => {
        const command = testbed.wavetank(...UP);
        const { child, exited } = command;
        await testbed.isReady(command);
        child.kill('SIGKILL');
        await exited;
        expectAllKinds(await testbed.traces());
        expect(await testbed.wavetank('down').exited).toBe(0);
        expect(await testbed.traces()).toEqual(NO_TRACES);
      }));

    test('Ctrl-C while its cluster is being made leaves nothing, without help', () =>
      withTestbed(async (testbed) => {
        const command = testbed.wavetank(...UP);
        const { child, exited } = command;
        await testbed.nodeIsMade(command);
        expect((await testbed.traces()).volumes).not.toEqual([]);
        child.kill('SIGINT');
        expect(await exited).toBe(130);
        expect(await testbed.traces()).toEqual(NO_TRACES);
      }));

    test('Ctrl-C when it is ready leaves nothing, without help', () =>
      withTestbed(async (testbed) => {
        const command = testbed.wavetank(...UP, '--json');
        const { child, exited } = command;
        await testbed.isReady(command);
        await testbed.hasSaidSo(command);
        expectAllKinds(await testbed.traces());
        child.kill('SIGINT');
        expect(await exited).toBe(0);
        expect(await testbed.traces()).toEqual(NO_TRACES);
      }));

    test('a story that fails leaves its evidence and nothing else', () =>
      withTestbed(async (testbed) => {
        const folder = path.join(testbed.state, 'reports');
        mkdirSync(folder);
        const [story, signal] = [path.join(folder, 'fails.ts'), path.join(folder, 'seen')];
        writeFileSync(story, failingOn(signal));
        const command = testbed.wavetank('scenario', story, ...UP.slice(1), '--json');
        const { exited, printed } = command;
        await testbed.isReady(command);
        expectAllKinds(await testbed.traces());
        writeFileSync(signal, '');
        expect(await exited).toBe(1);
        expect(JSON.parse(printed())).toMatchObject({ outcome: 'failed' });
        expect(await testbed.traces()).toEqual(NO_TRACES);
      }));
  },
);

/** A node with its volume and MinIO, a network, a kubeconfig; the built image is loaded by then and gone. */
function expectAllKinds({ containers, networks, volumes, images, files }: Traces): void {
  expect({ containers: containers.length, networks: networks.length, images }).toEqual({
    containers: 2,
    networks: 1,
    images: [],
  });
  expect(volumes).not.toEqual([]);
  expect(files).toContainEqual(expect.stringMatching(/\.kubeconfig$/));
}
