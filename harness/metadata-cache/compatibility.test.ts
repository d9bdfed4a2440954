import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { silentLogger } from '../../core/log.ts';
import { buildMetadataCache } from './app.ts';
import type { MetadataFollower } from './follower.ts';
import { KNOWN_FIELDS } from './query.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const ROW = /^\| (GET|POST) \| `(\S+)` \| (?:`(\S+)`|—) \| [^|]* \| (.+) \|$/;

const rows = readFileSync(path.join(ROOT, 'docs/compatibility.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, method, url = '', parameter = '', files = ''] = ROW.exec(line) ?? [];
    const tests = files.split('<br>').map((file) => file.replaceAll('`', ''));
    return method === undefined ? [] : [{ route: `${method} ${url}`, parameter, tests }];
  });

/** As Fastify lists them, each route in a line of its own with its path from the root. */
async function servedRoutes(): Promise<string[]> {
  const privateKey = `0x${'1'.repeat(64)}`;
  const app = buildMetadataCache({ follower: {} as MetadataFollower, privateKey, log: silentLogger });
  await app.ready();
  const lines = app.printRoutes({ commonPrefix: false }).matchAll(/ (\S+) \((GET|POST)/g);
  const routes = [...lines].map(([, url = '', method = '']) => `${method} /${url.replace(/^\//, '')}`);
  await app.close();
  return routes;
}

test('docs/compatibility.md has every route of the metadata cache', async () => {
  expect([...new Set(rows.map(({ route }) => route))].toSorted()).toEqual((await servedRoutes()).toSorted());
});

test('and every field of a search', () => {
  const searching = rows.filter(({ route }) => route === 'POST /api/aquarius/assets/query');
  expect(searching.map(({ parameter }) => parameter).toSorted()).toEqual([...KNOWN_FIELDS].toSorted());
});

test('and names for each a test that asks for it', () => {
  const textOf = (file: string): string =>
    existsSync(path.join(ROOT, file)) ? readFileSync(path.join(ROOT, file), 'utf8') : '';
  const silent = rows.filter(({ parameter, tests }) =>
    tests.some((file) => !new RegExp(`\\b${parameter}\\b`).test(textOf(file))),
  );
  expect(silent).toEqual([]);
});
