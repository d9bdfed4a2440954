import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'vitest';
import { compareVersions } from './objects.ts';
import { KubeError, isRefusedForGood, statusOf } from './kube-error.ts';
import { inClusterKubeconfig } from './in-cluster.ts';
import { loadKubeconfig, parseKubeconfig } from './kubeconfig.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function config(user: object, cluster: object = {}): string {
  return JSON.stringify({
    'current-context': 'c',
    clusters: [{ name: 'k', cluster: { server: 'https://127.0.0.1:6443/', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'ocean' } }],
  });
}

test('a token, a password and a client certificate authenticate', async ({ expect }) => {
  const token = await parseKubeconfig(config({ token: 't' }, { 'certificate-authority-data': base64('CA') }));
  expect(token).toMatchObject({ server: 'https://127.0.0.1:6443', namespace: 'ocean', tls: { ca: 'CA' } });
  expect(await token.headers()).toEqual({ authorization: 'Bearer t' });
  const password = await parseKubeconfig(config({ username: 'me', password: 'x' }));
  expect(await password.headers()).toEqual({ authorization: `Basic ${base64('me:x')}` });
  const certificate = await parseKubeconfig(
    config({ 'client-certificate-data': base64('CRT'), 'client-key-data': base64('KEY') }),
  );
  expect(certificate.tls).toEqual({ cert: 'CRT', key: 'KEY' });
});

test('a token file is read again each time, relative to the kubeconfig', async ({ expect }) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeconfig-'));
  try {
    await writeFile(path.join(folder, 'config'), config({ tokenFile: 'token' }));
    await writeFile(path.join(folder, 'token'), 'one\n');
    const access = await loadKubeconfig(path.join(folder, 'config'));
    expect(await access.headers()).toEqual({ authorization: 'Bearer one' });
    await writeFile(path.join(folder, 'token'), 'two\n');
    expect(await access.headers()).toEqual({ authorization: 'Bearer two' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('inside a cluster the address and the account that Kubernetes gives are enough, and no name is asked for', async ({
  expect,
}) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'account-'));
  try {
    await writeFile(path.join(folder, 'ca.crt'), 'CA');
    await writeFile(path.join(folder, 'token'), 'one\n');
    const variables = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
    const access = await parseKubeconfig(inClusterKubeconfig(variables, folder) ?? '');
    expect(access).toMatchObject({ server: 'https://10.96.0.1:443', tls: { ca: 'CA' } });
    expect(await access.headers()).toEqual({ authorization: 'Bearer one' });
    await writeFile(path.join(folder, 'token'), 'two\n');
    expect(await access.headers()).toEqual({ authorization: 'Bearer two' });
    const ipv6 = inClusterKubeconfig({ ...variables, KUBERNETES_SERVICE_HOST: 'fd00::1' }, folder) ?? '';
    expect((await parseKubeconfig(ipv6)).server).toBe('https://[fd00::1]:443');
    expect(inClusterKubeconfig({ KUBERNETES_SERVICE_HOST: '10.96.0.1' })).toBeUndefined();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('what it cannot read is refused with what is wrong', async ({ expect }) => {
  for (const text of ['{', '{}', config({}).replace('"current-context":"c"', '"current-context":"x"'), '[]']) {
    await expect(parseKubeconfig(text)).rejects.toMatchObject({ code: 'KUBECONFIG_INVALID', category: 'usage' });
  }
  await expect(loadKubeconfig('/nowhere/config')).rejects.toMatchObject({ code: 'KUBECONFIG_INVALID' });
});

test('a Status is read as it is, and one is made of what is none', ({ expect }) => {
  const body = JSON.stringify({ kind: 'Status', code: 409, reason: 'AlreadyExists', message: 'it exists' });
  expect(statusOf(409, body)).toMatchObject({ code: 409, reason: 'AlreadyExists', message: 'it exists' });
  expect(statusOf(404, '<html>')).toMatchObject({ code: 404, reason: 'NotFound' });
  expect(statusOf(429, '', '3')).toMatchObject({ reason: 'TooManyRequests', retryAfterSeconds: 3 });
});

test('E7: only what would be refused again is refused for good', ({ expect }) => {
  const error = (code: number, message = ''): KubeError =>
    new KubeError({ kind: 'Status', code, reason: '', message }, 'x');
  expect([400, 403, 422].map((code) => isRefusedForGood(error(code)))).toEqual([true, true, true]);
  expect([404, 409, 429, 500, 503].map((code) => isRefusedForGood(error(code)))).toEqual(Array(5).fill(false));
  expect(isRefusedForGood(error(403, 'exceeded quota: q'))).toBe(false);
});

test('versions compare as numbers of any length, or not at all', ({ expect }) => {
  expect(compareVersions('9', '10')).toBeLessThan(0);
  expect(compareVersions('90071992547409930', '90071992547409929')).toBeGreaterThan(0);
  expect(compareVersions('5', '5')).toBe(0);
  expect(compareVersions('abc', '5')).toBeUndefined();
  expect(compareVersions(undefined, '5')).toBeUndefined();
});
