import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { thisProcess } from '../../core/process/process-owner.ts';
import { closeServer, listen } from '../../core/http-listen.ts';
import { restoreClassicHome } from './classic-home.ts';
import type { ClassicNetwork, ClassicPorts } from './classic-network.ts';
import { CLASSIC_PORTS, classicNetwork } from './classic-network.ts';
import { quietPorts } from './testing/quiet-ports.ts';

let home: string;
let artifacts: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'home-'));
  artifacts = path.join(home, '.ocean/ocean-contracts/artifacts');
  mkdirSync(artifacts, { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const network = (ports: ClassicPorts, providers = 1): ClassicNetwork =>
  classicNetwork({
    stateRoot: path.join(home, 'state'),
    env: { HOME: home },
    providers,
    backend: 'embedded',
    images: ['mine=node'],
    ports,
  });

test('scripts that wait for its files see old ones go, new ones last, and none afterwards', async () => {
  const ready = path.join(artifacts, 'ready');
  const c2d = path.join(home, '.ocean/ocean-c2d/ready');
  writeFileSync(ready, 'stale');
  const classic = network(await quietPorts());
  await classic.begin();
  expect([existsSync(ready), existsSync(c2d)]).toEqual([false, false]);
  classic.ready();
  expect([existsSync(ready), existsSync(c2d)]).toEqual([true, true]);
  classic.end();
  expect([existsSync(ready), existsSync(c2d)]).toEqual([false, false]);
});

test('folders that were not there are gone afterwards, but for one in which somebody else has put something', async () => {
  rmSync(path.join(home, '.ocean'), { recursive: true });
  const classic = network(await quietPorts());
  for (const others of [[], ['own']]) {
    await classic.begin();
    classic.ready();
    for (const name of others) writeFileSync(path.join(home, '.ocean/ocean-c2d', name), '');
    classic.end();
    const left = readdirSync(home, { recursive: true }).map(String).toSorted();
    expect(left).toEqual([
      ...(others.length === 0 ? [] : ['.ocean', '.ocean/ocean-c2d', '.ocean/ocean-c2d/own']),
      'state',
    ]);
  }
});

test.each([['{"development": "of before"}'], [undefined]])(
  'the address file is afterwards what it was: %s',
  async (was) => {
    const file = path.join(artifacts, 'address.json');
    if (was !== undefined) writeFileSync(file, was);
    const classic = network(await quietPorts());
    expect(classic.config.addressFile).toBe(file);
    await classic.begin();
    writeFileSync(file, 'of the testbed');
    classic.end();
    expect(existsSync(file) ? readFileSync(file, 'utf8') : undefined).toBe(was);
  },
);

describe('what a killed network changed', () => {
  const note = (): string => path.join(home, 'state', `classic-home.${thisProcess().pidNamespace}.json`);
  /** Nobody has this start time. */
  const kill = (): void => {
    const { owner, ...others } = JSON.parse(readFileSync(note(), 'utf8')) as { owner: object };
    writeFileSync(note(), JSON.stringify({ ...others, owner: { ...owner, startTicks: '1' } }));
  };
  const addresses = (): string => path.join(artifacts, 'address.json');
  const killed = async (was: string): Promise<void> => {
    writeFileSync(addresses(), was);
    const classic = network(await quietPorts());
    await classic.begin();
    writeFileSync(addresses(), 'of the testbed');
    classic.ready();
    kill();
  };

  test('is put back by down, and by the next network', async () => {
    await killed('of before');
    expect(restoreClassicHome(path.join(home, 'state'))).toBe(true);
    expect([readFileSync(addresses(), 'utf8'), existsSync(path.join(artifacts, 'ready')), existsSync(note())]).toEqual([
      'of before',
      false,
      false,
    ]);
    await killed('of before');
    const next = network(await quietPorts());
    await next.begin();
    next.end();
    expect(readFileSync(addresses(), 'utf8')).toBe('of before');
  });

  test('stays where another network has written its own addresses since', async () => {
    await killed('of before');
    writeFileSync(addresses(), 'of the docker network');
    expect(restoreClassicHome(path.join(home, 'state'))).toBe(true);
    expect([readFileSync(addresses(), 'utf8'), existsSync(path.join(artifacts, 'ready'))]).toEqual([
      'of the docker network',
      true,
    ]);
  });

  test('is left to the one that is alive', async () => {
    const classic = network(await quietPorts());
    await classic.begin();
    const { owner, ...others } = JSON.parse(readFileSync(note(), 'utf8')) as { owner: object };
    writeFileSync(note(), JSON.stringify({ ...others, owner: { ...owner, pidNamespace: '1' } }));
    expect([restoreClassicHome(path.join(home, 'state')), existsSync(note())]).toEqual([false, true]);
  });

  test('and is not mixed with that of another container, which has the same state folder', async () => {
    const classic = network(await quietPorts());
    await classic.begin();
    const others = path.join(home, 'state/classic-home.1.json');
    const theirs = JSON.stringify({
      ...JSON.parse(readFileSync(note(), 'utf8')),
      owner: { ...thisProcess(), pidNamespace: '1' },
    });
    writeFileSync(others, theirs);
    classic.ready();
    classic.end();
    expect([existsSync(note()), readFileSync(others, 'utf8')]).toEqual([false, theirs]);
    for (const garbage of ['', '{"owner":']) {
      writeFileSync(others, garbage);
      expect(restoreClassicHome(path.join(home, 'state'))).toBe(false);
    }
  });
});

test('a port that is taken is named, and the files of whoever has it stay', async () => {
  const server = createServer();
  const { port } = await listen(server);
  const ready = path.join(artifacts, 'ready');
  const addresses = path.join(artifacts, 'address.json');
  for (const file of [ready, addresses]) writeFileSync(file, 'of another');
  const classic = network({ ...(await quietPorts()), provider: port });
  const refusal = { code: 'PORT_TAKEN', category: 'environment', message: expect.stringContaining(String(port)) };
  await expect(classic.begin()).rejects.toMatchObject(refusal);
  classic.end();
  await closeServer(server);
  expect([existsSync(ready), existsSync(addresses)]).toEqual([true, true]);
});

test('addresses of the docker network lead to our own services; images of test assets to local ones, behind the user’s', () => {
  expect(network(CLASSIC_PORTS, 2).config).toMatchObject({
    ports: { chain: 8545, metadataCache: 5000, provider: 8030, operatorService: 31_000 },
    aliases: {
      'http://172.15.0.4:8030': 'http://127.0.0.1:8030',
      'http://172.15.0.7:8030': 'http://127.0.0.1:8031',
      'http://172.15.0.5:5000': 'http://127.0.0.1:5000',
      'http://172.15.0.13:31000': 'http://127.0.0.1:31000',
    },
    images: ['mine=node', 'ubuntu=node', 'oceanprotocol/algo_dockers=python'],
  });
});
