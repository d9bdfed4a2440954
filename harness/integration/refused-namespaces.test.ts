import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const BIN = path.join(import.meta.dirname, '../cli/bin.mjs');
/** Short, since sockets of pods lie in it. */
const folder = mkdtempSync(path.join(tmpdir(), 'rn-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An ordinary user, without any capability, on a machine whose `user.max_user_namespaces` is 0: as some administrators set it. */
const WRAPPER =
  'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --ambient-caps=-all --inh-caps=-all --bounding-set=-all --no-new-privs "$@"';
const NAMESPACE = ['--user', '--map-user=1000', '--map-group=1000', '--keep-caps'];

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function refused(...command: readonly string[]): Promise<Ended> {
  const child = spawn('unshare', [...NAMESPACE, 'sh', '-c', WRAPPER, 'sh', ...command], {
    env: { ...process.env, TMPDIR: folder, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')));
  child.on('error', (error) => (err += error.message));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

/** A story that runs a job and makes one check that needs isolation. */
function story(): string {
  const file = path.join(folder, 'story.ts');
  writeFileSync(
    file,
    `import { defineScenario } from ${JSON.stringify(path.join(import.meta.dirname, '../index.ts'))};
     export default defineScenario({ name: 'refused', title: 'T', summary: 'S', timeoutSeconds: 60,
       async run({ step, testbed, actors: { euLab, usLab } }) {
         const data = testbed.servers.euLab.publish('data.txt', 'rows');
         const code = testbed.servers.usLab.publish('run.cjs', "console.log('ran')");
         await step('a job', async (check) => {
           const container = { ...testbed.images.node, entrypoint: 'node $ALGO' };
           const algorithm = check.accepted('algorithm', await usLab.publishAlgorithm({ files: [code.url], container }));
           const dataset = check.accepted('dataset', await euLab.publishDataset({ files: [data.url] }));
           const order = check.accepted('order', await usLab.orderCompute({ dataset, algorithm }));
           const job = check.accepted('start', await usLab.startCompute(order));
           check.equal('it ends well', (await usLab.follow(job.jobId)).status, 70);
         });
         await step('isolation', (check) => check.requires(['network'], 'nothing gets out', () => check.that('tried', false)));
       } });`,
  );
  return file;
}

describe('where user namespaces are refused', () => {
  test('jobs run, and what cannot be enforced is skipped with the reason', { timeout: 90_000 }, async (context) => {
    const trial = await refused('sh', '-c', '! unshare --user true && ! unshare --mount true');
    if (trial.code !== 0) return context.skip(`this machine cannot be made to refuse them: ${trial.err.trim()}`);
    const ended = await refused(BIN, 'scenario', story(), '--json', '--state', path.join(folder, 'state'));
    expect(`${ended.code} ${ended.err}`).toMatch(/^0 /);
    expect(JSON.parse(ended.out)).toMatchObject({
      outcome: 'passed',
      capabilities: { network: { enforcement: 'absent' }, user: { enforcement: 'absent' } },
      steps: [
        { outcome: 'passed' },
        {
          outcome: 'skipped',
          checks: [
            {
              name: 'nothing gets out',
              outcome: 'skipped',
              reason: expect.stringMatching(/network is absent.*unshare/),
            },
          ],
        },
      ],
    });
  });
});
