import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Endpoints } from '../running-testbed.ts';
import { endpointFiles } from './endpoint-files.ts';

const ENDPOINTS: Endpoints = {
  version: 1,
  chainId: 8996,
  rpcUrl: 'http://127.0.0.1:1',
  addressFile: '/a/address.json',
  accounts: [],
  providers: [],
  metadataCacheUrl: 'http://127.0.0.1:2',
  operatorServiceUrl: 'http://127.0.0.1:3',
  kubeconfig: '/a/kubeconfig',
  s3: {
    endpoint: 'http://127.0.0.1:4',
    accessKey: 'k',
    secretKey: 's',
    region: 'r',
    buckets: { results: 'results', adminLogs: 'logs' },
  },
  standIns: [],
  quirks: [],
};

let folder: string;
let names: { endpoints: string; envFile: string };
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'endpoint-files-'));
  names = { endpoints: path.join(folder, 'endpoints.json'), envFile: path.join(folder, '.env') };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('they are there from write to remove, and a killed run leaves nothing in the way', () => {
  const killed = endpointFiles(names);
  expect(Object.values(names).filter(existsSync)).toEqual([]);
  killed.write(ENDPOINTS, folder);
  const next = endpointFiles(names);
  next.write(ENDPOINTS, folder);
  expect(JSON.parse(readFileSync(names.endpoints, 'utf8'))).toEqual(ENDPOINTS);
  expect(readFileSync(names.envFile, 'utf8').split('\n').slice(0, 2)).toEqual([
    expect.stringMatching(/^# /),
    "RPC_URL='http://127.0.0.1:1'",
  ]);
  next.remove();
  expect(Object.values(names).filter(existsSync)).toEqual([]);
});

test.each([
  ['envFile', "RPC_URL='https://mainnet.example'\nPRIVATE_KEY=1\n"],
  ['envFile', ''],
  ['endpoints', '{ "version": 1 }'],
  ['endpoints', 'null'],
  ['endpoints', 'not JSON'],
] as const)('%s that somebody else wrote stays as it is: %j', (flag, text) => {
  writeFileSync(names[flag], text);
  expect(() => endpointFiles(names)).toThrow(expect.objectContaining({ code: 'FILE_TAKEN', category: 'usage' }));
  expect(readFileSync(names[flag], 'utf8')).toBe(text);
});

test('a folder, and a place that is not there, are refused before anything is started', () => {
  const asFolder = path.join(folder, 'folder');
  mkdirSync(asFolder);
  const problem = (envFile: string): unknown => {
    try {
      return endpointFiles({ envFile });
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  expect([asFolder, path.join(folder, 'none', '.env')].map(problem)).toEqual(['FILE_TAKEN', 'FILE_UNWRITABLE']);
});

test('what somebody changed meanwhile is not removed', () => {
  const files = endpointFiles(names);
  files.write(ENDPOINTS, folder);
  writeFileSync(names.envFile, 'MINE=1\n', { flag: 'a' });
  files.remove();
  expect([existsSync(names.endpoints), existsSync(names.envFile)]).toEqual([false, true]);
});
