import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { KubeletBench } from '../kubelet/kubelet.testing.ts';
import { NAMESPACE, isOver, startKubeletBench } from '../kubelet/kubelet.testing.ts';
import type { Container } from '../kubelet/pod-types.ts';
import { NETWORK_POLICIES } from '../kubelet/resources.ts';
import type { PolicySpec } from './network-policy.ts';

/** Asks the pod's egress proxy for a tunnel and, when it gets one, for "/". */
const ASK = `const http=require("node:http");const s=process.env.WAVETANK_EGRESS_SOCKET;
if(!s){console.log("no socket");process.exit()}
const r=http.request({socketPath:s,method:"CONNECT",path:process.env.TARGET});
r.on("connect",(a,k)=>{if(a.statusCode!==200){console.log(a.statusCode);k.destroy();return}
http.get({createConnection:()=>k,path:"/"},(b)=>b.on("data",(d)=>console.log(String(d))).on("end",()=>k.destroy()))});
r.on("error",(e)=>console.log(e.code));r.end()`;

describe('the network of a pod', () => {
  let bench: KubeletBench;
  const hits: string[] = [];
  const server = createHttpServer((request, response) => {
    hits.push(request.url ?? '');
    response.end('served');
  });
  let port = 0;

  beforeAll(async () => {
    bench = await startKubeletBench();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    server.close();
    await bench[Symbol.asyncDispose]();
  });

  const policy = (name: string, spec: PolicySpec): void => {
    bench.api.create(NETWORK_POLICIES, NAMESPACE, {
      metadata: { name },
      spec: { policyTypes: ['Egress'], ...spec } as Record<string, unknown>,
    });
  };
  const asking = (target: string): Container => ({
    name: 'main',
    image: 'node',
    command: ['node', '-e', ASK],
    env: [{ name: 'TARGET', value: target }],
  });
  const ask = async (name: string, labels: Record<string, string>, target: string): Promise<string> => {
    bench.create(name, { containers: [asking(target)] }, labels);
    return (await bench.logs(await bench.until(name, isOver))).trim();
  };
  const toNode = (): PolicySpec => ({ egress: [{ to: [{ ipBlock: { cidr: '192.0.2.1/32' } }], ports: [{ port }] }] });

  it('has no way out under default deny, and a way to exactly what a policy opens', async ({ expect, skip }) => {
    if (!bench.isolated) skip(bench.why);
    policy('deny', { podSelector: { matchLabels: { role: 'compute' } } });
    policy('open', { podSelector: { matchLabels: { role: 'publish' } }, ...toNode() });
    expect(await ask('compute', { role: 'compute' }, `192.0.2.1:${port}`)).toBe('no socket');
    expect(await ask('publish', { role: 'publish' }, `192.0.2.1:${port}`)).toBe('served');
  });

  it('refuses other ports, addresses and names, and tells the harness of each attempt', async ({ expect, skip }) => {
    if (!bench.isolated) skip(bench.why);
    policy('narrow', { podSelector: { matchLabels: { role: 'narrow' } }, ...toNode() });
    const before = hits.length;
    const targets = ['192.0.2.1:1', `127.0.0.1:${port}`, '169.254.169.254:80', 'example.invalid:80', '10.244.9.9:80'];
    const answers = await Promise.all(
      targets.map((target, index) => ask(`narrow${index}`, { role: 'narrow' }, target)),
    );
    expect(answers).toEqual(targets.map(() => '403'));
    expect(hits.length).toBe(before);
    const seen = bench.denied
      .filter(({ pod }) => pod.startsWith('narrow'))
      .map(({ host, port: to }) => `${host}:${to}`);
    expect(seen.toSorted()).toEqual(targets.toSorted());
  });

  it('keeps this machine and metadata addresses shut for pods that a wide policy opens', async ({ expect, skip }) => {
    if (!bench.isolated) skip(bench.why);
    policy('wide', { podSelector: { matchLabels: { role: 'wide' } }, egress: [{}] });
    expect(await ask('wide-loopback', { role: 'wide' }, `127.0.0.1:${port}`)).toBe('403');
    expect(await ask('wide-metadata', { role: 'wide' }, '169.254.169.254:80')).toBe('403');
    expect(await ask('wide-node', { role: 'wide' }, `192.0.2.1:${port}`)).toBe('served');
  });

  it('does not take the node for a part of the world', async ({ expect, skip }) => {
    if (!bench.isolated) skip(bench.why);
    const world = { ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } };
    const dns = {
      to: [{ podSelector: { matchLabels: { app: 'dns' } } }],
      ports: [{ protocol: 'UDP', port: 53 }],
    };
    policy('world', {
      podSelector: { matchLabels: { role: 'world' } },
      egress: [{ to: [world, { ipBlock: { cidr: '::/0' } }] }, dns],
    });
    expect(await ask('world-node', { role: 'world' }, `192.0.2.1:${port}`)).toBe('403');
  });

  it('gives ordinary programs an HTTP proxy when the policy is wide', async ({ expect, skip }) => {
    if (!bench.isolated) skip(bench.why);
    const script = `fetch("http://192.0.2.1:${port}/plain").then(async(r)=>console.log(r.status,await r.text()),(e)=>console.log(e.message))`;
    bench.create(
      'ordinary',
      { containers: [{ name: 'main', image: 'node', command: ['node', '-e', script] }] },
      { role: 'wide' },
    );
    expect((await bench.logs(await bench.until('ordinary', isOver))).trim()).toBe('200 served');
    expect(hits).toContain('/plain');
  });

  it('lets pods reach each other as egress of one and ingress of the other allow', async ({ expect, skip }) => {
    if (!bench.isolated) skip(bench.why);
    const serve = 'require("node:http").createServer((q,s)=>s.end("canary")).listen(8080,()=>console.log("up"))';
    const canary = { name: 'main', image: 'node', command: ['node', '-e', serve] };
    policy('to-canary', {
      podSelector: { matchLabels: { role: 'control' } },
      egress: [{ to: [{ podSelector: { matchLabels: { role: 'canary' } } }] }],
    });
    policy('shut-canary', { podSelector: { matchLabels: { role: 'shut' } }, policyTypes: ['Ingress'], ingress: [] });
    policy('to-shut', {
      podSelector: { matchLabels: { role: 'control' } },
      egress: [{ to: [{ podSelector: { matchLabels: { role: 'shut' } } }] }],
    });
    const address = async (name: string, role: string): Promise<string> => {
      bench.create(name, { containers: [canary] }, { role });
      const pod = await bench.until(name, (each) => each.status?.containerStatuses?.[0]?.state.running !== undefined);
      const { namespace = '', uid = '' } = pod.metadata;
      for await (const _up of bench.kubelet.containerLogs({ namespace, name, uid }, 'main', { follow: true })) break;
      return `${pod.status?.podIP}:8080`;
    };
    const [open, shut] = [await address('canary', 'canary'), await address('shut', 'shut')];
    expect(await ask('control', { role: 'control' }, open)).toBe('canary');
    expect(await ask('control-shut', { role: 'control' }, shut)).toBe('403');
    expect(await ask('outsider', { role: 'narrow' }, open)).toBe('403');
  });

  it('fails a pod whose policy cannot be enforced, naming the policy', async ({ expect, skip }) => {
    if (!bench.isolated) skip(bench.why);
    policy('dns', {
      podSelector: { matchLabels: { role: 'dns' } },
      egress: [{ ports: [{ protocol: 'UDP', port: 53 }] }],
    });
    bench.create('dns', { containers: [asking('x:1')] }, { role: 'dns' });
    const pod = await bench.until('dns', isOver);
    expect(pod.status).toMatchObject({ phase: 'Failed', reason: 'NetworkPolicyUnsupported' });
    expect(pod.status?.message).toContain('lab/dns');
  });
});
