import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { systemEntropy } from '../../../core/entropy.ts';
import { WavetankError } from '../../../core/errors.ts';
import { silentLogger } from '../../../core/log.ts';
import { createNative } from '../../../core/native.ts';
import type { Net } from '../../../core/net.ts';
import { createNet } from '../../../core/net.ts';
import { readRecords } from './journal.ts';
import { startKindCluster } from './start-kind-cluster.ts';

let stateDir: string;
let net: Net;
beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), 'no-docker-'));
  net = createNet();
});
afterEach(async () => {
  await net.close();
  rmSync(stateDir, { recursive: true, force: true });
});

test('an engine that does not answer is told as that, though what was begun cannot be removed; the journal keeps it', async () => {
  const down = new WavetankError('COMMAND_FAILED', 'Cannot connect to the Docker daemon');
  const starting = startKindCluster({
    clock: systemClock,
    entropy: systemEntropy,
    native: { ...createNative(), run: () => Promise.reject(down) },
    net,
    log: silentLogger,
    stateDir,
    instance: 'one',
    nodeImage: 'kindest/node:v1.34.4',
    proxyMode: 'iptables',
    podsBase: 'node:24-slim',
    reuse: false,
    podsApp: { directory: stateDir, command: () => [] },
    preloads: [],
    podUser: { uid: 10_001, gid: 10_001 },
  });
  await expect(starting).rejects.toMatchObject({ code: 'DOCKER_UNAVAILABLE', category: 'environment' });
  expect(readRecords(stateDir).map(({ cluster }) => cluster)).toEqual(['wavetank-one']);
});
