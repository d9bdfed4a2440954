import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { createNative } from '../../../core/native.ts';
import { waitUntil } from '../../../core/wait-until.ts';
import { commandRunner } from './command.ts';
import { KIND_CLUSTER_LABEL } from './kind-cli.ts';
import { whyNoKind } from './testing/lab-kind.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const TEST_MS = 300_000;
const run = commandRunner(createNative());

const reason = whyNoKind();
describe.skipIf(reason !== undefined)(
  `what is left of a testbed on kind${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    let state: string;
    beforeEach(() => {
      state = mkdtempSync(path.join(tmpdir(), 'kind-leftovers-'));
    });
    afterEach(async () => {
      await wavetank('down').exited;
      rmSync(state, { recursive: true, force: true });
    });

    function wavetank(...args: string[]): Started {
      const child = spawn(process.execPath, [MAIN, ...args, '--state', state], { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
      return { child, exited, said: () => said };
    }

    /** The journal names the cluster before anything of it exists. */
    const clusterOf = (): string | undefined =>
      existsSync(path.join(state, 'kind'))
        ? readdirSync(path.join(state, 'kind')).flatMap((name) => /^(.*)\.cluster\.json$/.exec(name)?.[1] ?? [])[0]
        : undefined;
    const until = <T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> =>
      waitUntil(what, look, { clock: systemClock, timeoutMs: 200_000, intervalMs: 50 });
    const nodeOf = (cluster: string): Promise<string> =>
      docker('ps', '-aq', '--filter', `label=${KIND_CLUSTER_LABEL}=${cluster}`);

    async function everythingOf(cluster: string): Promise<Record<string, string>> {
      const label = ['--filter', `label=wavetank.instance=${cluster}`];
      return {
        containers: await nodeOf(cluster),
        networks: await docker('network', 'ls', '-q', ...label),
        images: await docker('image', 'ls', '-q', ...label),
        files: clusterOf() ?? '',
      };
    }
    const NOTHING = { containers: '', networks: '', images: '', files: '' };

    test('killed while its cluster is being made: down removes what there is', { timeout: TEST_MS }, async () => {
      const { child, exited } = wavetank('up', '--backend', 'kind');
      const cluster = await until('the journal', clusterOf);
      await until('the node', async () => (await nodeOf(cluster)) || undefined);
      child.kill('SIGKILL');
      expect(await exited).toBe('SIGKILL');
      expect(await everythingOf(cluster)).not.toEqual(NOTHING);
      expect(await wavetank('down').exited).toBe(0);
      expect(await everythingOf(cluster)).toEqual(NOTHING);
    });

    test('killed when it is ready: down removes what there is', { timeout: TEST_MS }, async () => {
      const { child, exited, said } = wavetank('up', '--backend', 'kind');
      const endpoints = (): true | undefined =>
        readdirSync(state).some((name) => existsSync(path.join(state, name, 'endpoints.json'))) || undefined;
      await until(`the testbed (${said()})`, endpoints);
      const cluster = clusterOf() ?? '';
      child.kill('SIGKILL');
      await exited;
      expect((await everythingOf(cluster))['containers']).not.toBe('');
      expect(await wavetank('down').exited).toBe(0);
      expect(await everythingOf(cluster)).toEqual(NOTHING);
      expect(readdirSync(path.join(state, 'kind'))).toEqual([]);
    });

    test('Ctrl-C while its cluster is being made leaves nothing, without help', { timeout: TEST_MS }, async () => {
      const { child, exited } = wavetank('up', '--backend', 'kind');
      const cluster = await until('the journal', clusterOf);
      await until('the node', async () => (await nodeOf(cluster)) || undefined);
      child.kill('SIGINT');
      expect(await exited).toBe(130);
      expect(await everythingOf(cluster)).toEqual(NOTHING);
    });

    test('Ctrl-C when it is ready leaves nothing, without help', { timeout: TEST_MS }, async () => {
      const { child, exited } = wavetank('up', '--backend', 'kind');
      await until(
        'the testbed',
        () => readdirSync(state).some((name) => existsSync(path.join(state, name, 'endpoints.json'))) || undefined,
      );
      const cluster = clusterOf() ?? '';
      child.kill('SIGINT');
      expect(await exited).toBe(0);
      expect(await everythingOf(cluster)).toEqual(NOTHING);
    });
  },
);

interface Started {
  readonly child: ChildProcess;
  readonly exited: Promise<number | string>;
  said(): string;
}

function docker(...args: string[]): Promise<string> {
  return run('docker', args, { timeoutMs: 30_000 });
}
