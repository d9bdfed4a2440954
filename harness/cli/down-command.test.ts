import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WavetankError } from '../../core/errors.ts';
import type { RunCommand } from '../cluster/kind/command.ts';
import { readRecords, writeRecord } from '../cluster/kind/journal.ts';
import { downCommand } from './down-command.ts';

const DEAD = { pid: 1, startTicks: '0', bootId: 'another boot', pidNamespace: '0' };

let state: string;
beforeEach(() => {
  state = mkdtempSync(path.join(tmpdir(), 'down-'));
  for (const cluster of ['wavetank-first', 'wavetank-second'])
    writeRecord(path.join(state, 'kind'), {
      cluster,
      token: `token-of-${cluster}`,
      kubeconfigPath: path.join(state, 'kind', `${cluster}.kubeconfig`),
      images: [],
      owner: DEAD,
      isKept: false,
      isComplete: true,
    });
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

/** A Docker engine that has nothing, and does not answer when it is asked for the first cluster. */
const engine: RunCommand = async (_program, args) => {
  if (args.some((one) => one.includes('wavetank-first')))
    throw new WavetankError('DOCKER_UNAVAILABLE', 'The engine hangs.', { category: 'environment', hint: 'Start it.' });
  return '';
};

/** Nobody listens there. */
function kubeconfig(): string {
  const file = path.join(state, 'lab.kubeconfig');
  const config = {
    'current-context': 'lab',
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
    clusters: [{ name: 'lab', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'lab', user: { token: 'none' } }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

async function down(
  flags: { json?: boolean; kubeconfig?: string } = {},
): Promise<{ readonly code: number; readonly text: string }> {
  let text = '';
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const code = await downCommand({ state, ...flags }, { stdout, env: {} }, engine);
  return { code, text };
}

test('a cluster that cannot be removed keeps nothing else from it, and is told', async () => {
  expect(await down()).toEqual({
    code: 3,
    text: 'removed the kind cluster wavetank-second\nnot removed: kind cluster wavetank-first: The engine hangs. Start it.\n',
  });
  expect(readRecords(path.join(state, 'kind')).map(({ cluster }) => cluster)).toEqual(['wavetank-first']);
});

test('nor does a cluster of the kubeconfig that does not answer; scripts read the reasons', async () => {
  const file = kubeconfig();
  const { code, text } = await down({ json: true, kubeconfig: file });
  expect(code).toBe(3);
  expect(JSON.parse(text)).toMatchObject({
    clusters: ['wavetank-second'],
    storage: { containers: 0, kept: [] },
    kept: [
      'kind cluster wavetank-first: The engine hangs. Start it.',
      expect.stringContaining(`what is in the cluster of ${file}: `),
    ],
  });
});

test('a kubeconfig that is none is wrong usage', async () => {
  const file = path.join(state, 'none.kubeconfig');
  await expect(down({ kubeconfig: file })).rejects.toMatchObject({ code: 'KUBECONFIG_INVALID', category: 'usage' });
});
