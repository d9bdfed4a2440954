import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { seededEntropy } from '../../../core/entropy.ts';
import type { NodeAccess, ResourceRef } from './api-access.ts';
import type { RunningApiServer } from './api-server.ts';
import { startApiServer } from './api-server.ts';

const PODS: ResourceRef = { group: '', version: 'v1', resource: 'pods' };
const NODES: ResourceRef = { group: '', version: 'v1', resource: 'nodes' };

const MANIFEST = `
apiVersion: v1
kind: Pod
metadata: {name: demo, labels: {app: demo}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: "example/main:1", command: [sh, -c, "echo hi"]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {mode: slow}
`;

describe('the unmodified kubectl', () => {
  const directory = mkdtempSync(join(tmpdir(), 'wavetank-kubectl-'));
  const kubeconfig = join(directory, 'kubeconfig');
  const manifest = join(directory, 'manifest.yaml');
  let hasKubectl = false;
  let server: RunningApiServer;

  const nodeAccess: NodeAccess = {
    // eslint-disable-next-line typescript/require-await
    async *containerLogs(pod, container, { tailLines, follow }) {
      const lines = [`${pod.name}/${container} says 1\n`, 'and 2\n'];
      for (const line of tailLines === undefined ? lines : lines.slice(-tailLines))
        yield new TextEncoder().encode(line);
      if (follow) yield new TextEncoder().encode('to the end\n');
    },
  };

  const start = (args: readonly string[], input = '') =>
    execa('kubectl', args, { env: { KUBECONFIG: kubeconfig, HOME: directory }, reject: false, all: true, input });
  const kubectl = async (...args: string[]): Promise<string> => String((await start(args)).all);

  beforeAll(async () => {
    hasKubectl = (await start(['version', '--client'])).exitCode === 0;
    server = await startApiServer({ clock: systemClock, entropy: seededEntropy('kubectl'), nodeAccess });
    writeFileSync(kubeconfig, server.kubeconfig(), { mode: 0o600 });
    writeFileSync(manifest, MANIFEST);
    const node = server.access.create(NODES, undefined, { metadata: { name: 'here' } });
    const status = {
      allocatable: { cpu: '2', memory: '1Gi', pods: '10' },
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    server.access.updateStatus(NODES, { ...node, status });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach((context) => {
    if (!hasKubectl) context.skip('kubectl is not installed');
  });

  /** What the kubelet would report. */
  const setRunning = (): void => {
    const pod = server.access.get(PODS, 'default', 'demo');
    const containerStatuses = [
      {
        name: 'main',
        image: 'example/main:1',
        imageID: '',
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
      },
    ];
    const conditions = [{ type: 'Ready', status: 'True' }];
    server.access.updateStatus(PODS, {
      ...pod,
      status: { ...(pod['status'] as object), phase: 'Running', conditions, containerStatuses },
    });
  };

  it('finds its way by discovery', async () => {
    const output = await kubectl('api-resources', '-o', 'name');
    expect(output.split('\n')).toEqual(
      expect.arrayContaining([
        'pods',
        'configmaps',
        'networkpolicies.networking.k8s.io',
        'leases.coordination.k8s.io',
        'customresourcedefinitions.apiextensions.k8s.io',
      ]),
    );
  });

  it('applies, gets, describes, patches, waits, reads logs and deletes', async () => {
    expect(await kubectl('apply', '-f', manifest)).toBe('pod/demo created\nconfigmap/settings created');
    expect(await kubectl('apply', '-f', manifest)).toBe('pod/demo unchanged\nconfigmap/settings unchanged');
    setRunning();
    expect(await kubectl('get', 'pods', '--no-headers')).toMatch(/^demo +1\/1 +Running +0 +\d+s$/);
    expect(await kubectl('get', 'pod', 'demo', '-o', 'jsonpath={.spec.nodeName} {.spec.restartPolicy}')).toBe(
      'here Always',
    );
    expect(await kubectl('wait', '--for=condition=Ready', 'pod/demo', '--timeout=5s')).toBe('pod/demo condition met');
    const described = await kubectl('describe', 'pod', 'demo');
    expect(described).toContain('Service Account:  default');
    expect(described).toContain('Successfully assigned default/demo to here');
    expect(await kubectl('logs', 'demo')).toBe('demo/main says 1\nand 2');
    expect(await kubectl('logs', '-f', 'demo', '--tail=1')).toBe('and 2\nto the end');
    expect(await kubectl('patch', 'configmap', 'settings', '-p', '{"data":{"mode":"fast"}}')).toBe(
      'configmap/settings patched',
    );
    expect(await kubectl('get', 'configmap', 'settings', '-o', 'jsonpath={.data.mode}')).toBe('fast');
    writeFileSync(
      manifest,
      MANIFEST.replace('mode: slow', 'mode: slow, extra: more').replace('app: demo', 'app: changed'),
    );
    expect(await kubectl('apply', '-f', manifest)).toBe('pod/demo configured\nconfigmap/settings configured');
    expect(await kubectl('get', 'pods', '-l', 'app=changed', '-o', 'name')).toBe('pod/demo');
    expect(await kubectl('delete', '-f', manifest, '--wait=false')).toBe(
      'pod "demo" deleted\nconfigmap "settings" deleted',
    );
    expect(await kubectl('get', 'configmap', 'settings')).toBe(
      'Error from server (NotFound): configmaps "settings" not found',
    );
  });

  it('watches', async () => {
    const watching = start(['get', 'configmaps', '-w', '-o', 'name', '--field-selector', 'metadata.name=watched']);
    const firstLine = new Promise<string>((resolve) =>
      watching.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim())),
    );
    await kubectl('create', 'configmap', 'watched', '--from-literal=a=b');
    expect(await firstLine).toBe('configmap/watched');
    watching.kill();
    await watching;
  });

  it('asks who may do what', async () => {
    expect(await kubectl('auth', 'can-i', 'delete', 'nodes')).toContain('yes');
    expect(await kubectl('auth', 'can-i', 'list', 'secrets', '--as', 'somebody')).toBe('no');
    expect(await kubectl('get', 'secrets', '--as', 'somebody')).toBe(
      'Error from server (Forbidden): secrets is forbidden: User "somebody" cannot list resource "secrets" in API group "" in the namespace "default"',
    );
    await kubectl('create', 'serviceaccount', 'bot');
    await kubectl('create', 'role', 'reading', '--verb=get', '--resource=configmaps');
    await kubectl('create', 'rolebinding', 'reading', '--role=reading', '--serviceaccount=default:bot');
    const token = await kubectl('create', 'token', 'bot');
    expect(
      await kubectl(
        'get',
        'configmap',
        'kube-root-ca.crt',
        '-o',
        'name',
        '--token',
        token,
        '--kubeconfig',
        tokenless(),
      ),
    ).toBe('configmap/kube-root-ca.crt');
    expect(await kubectl('get', 'pods', '--token', token, '--kubeconfig', tokenless())).toContain(
      'User "system:serviceaccount:default:bot" cannot list resource "pods"',
    );
  });

  /** A kubeconfig without credentials, so that only the given token speaks. */
  const tokenless = (): string => {
    const path = join(directory, 'tokenless');
    writeFileSync(path, server.kubeconfig({ username: 'nobody' }).replace(/token: .*/, 'username: ""'));
    return path;
  };

  it('is told when a manifest is wrong', async () => {
    const unknownField = MANIFEST.split('---')[0]?.replace('containers:', 'contaners:') ?? '';
    expect(String((await start(['apply', '-f', '-'], unknownField)).all)).toContain('unknown field "spec.contaners"');
    const noImage = MANIFEST.split('---')[0]?.replace('image: "example/main:1", ', '') ?? '';
    expect(String((await start(['apply', '-f', '-'], noImage)).all)).toContain(
      'spec.containers[0].image: Required value',
    );
  });

  it('says that server-side apply is not served', async () => {
    expect(await kubectl('apply', '--server-side', '-f', manifest)).toContain(
      'Server-side apply not available on the server',
    );
  });

  it('works with custom resources by their short names and columns', async () => {
    const version = {
      name: 'v1',
      served: true,
      storage: true,
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: { spec: { type: 'object', properties: { depth: { type: 'integer' } } } },
        },
      },
      additionalPrinterColumns: [{ name: 'Depth', type: 'integer', jsonPath: '.spec.depth' }],
    };
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'tanks.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'tanks', kind: 'Tank', shortNames: ['tk'] },
        versions: [version],
      },
    };
    await start(['apply', '-f', '-'], JSON.stringify(definition));
    expect(await kubectl('wait', '--for=condition=Established', 'crd/tanks.example.com', '--timeout=5s')).toContain(
      'condition met',
    );
    const tank = { apiVersion: 'example.com/v1', kind: 'Tank', metadata: { name: 'big' }, spec: { depth: 7 } };
    expect((await start(['apply', '-f', '-'], JSON.stringify(tank))).stdout).toBe('tank.example.com/big created');
    expect(await kubectl('get', 'tk')).toBe('NAME   DEPTH\nbig    7');
    expect(await kubectl('explain', 'tank.spec.depth')).toContain('FIELD: depth <integer>');
  });
});
