import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'vitest';
import { createNative } from '../../../../core/native.ts';
import { VirtualClock } from '../../../../core/virtual-clock.ts';
import type { LogOptions } from '../api-access.ts';
import { expand } from './container-env.ts';
import { ContainerLog } from './container-log.ts';
import type { Pod } from './pod-types.ts';
import { parseQuantity } from './quantity.ts';
import { unsupportedFields } from './unsupported.ts';

describe('quantities', () => {
  it.for<[string, number]>([
    ['1', 1],
    ['500m', 0.5],
    ['64Mi', 67_108_864],
    ['1.5G', 1.5e9],
    ['1e3', 1000],
    ['2Ki', 2048],
  ])('%s is %d', ([text, value], { expect }) => {
    expect(parseQuantity(text)).toBe(value);
  });

  it.for(['', 'x', '1Qi', '1 Mi', '--1'])('"%s" is refused', (text, { expect }) => {
    expect(() => parseQuantity(text)).toThrow(expect.objectContaining({ code: 'QUANTITY_INVALID' }));
  });
});

describe('references to variables', () => {
  it('are expanded once, kept when unknown, and escaped by a second dollar', ({ expect }) => {
    expect(expand('$(A) $(B) $$(A) $A', { A: '$(B)' })).toBe('$(B) $(B) $(A) $A');
  });
});

describe('fields that this node refuses', () => {
  const podWith = (spec: object): Pod => ({ metadata: {}, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } });

  it('are none in a restricted pod', ({ expect }) => {
    const securityContext = {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
      runAsNonRoot: true,
    };
    const container = {
      name: 'c',
      image: 'i',
      securityContext,
      resources: { limits: { cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi' } },
      ports: [{ containerPort: 80, hostPort: 0 }],
    };
    expect(
      unsupportedFields(
        podWith({
          containers: [container],
          hostNetwork: false,
          resources: {},
          dnsPolicy: 'ClusterFirst',
          schedulerName: 'default-scheduler',
        }),
      ),
    ).toEqual([]);
  });

  it.for<[string, object]>([
    ['spec.hostPID', { hostPID: true }],
    ['hostPath', { volumes: [{ name: 'v', hostPath: { path: '/' } }] }],
    ['serviceAccountToken', { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: {} }] } }] }],
    ['privileged', { containers: [{ name: 'c', image: 'i', securityContext: { privileged: true } }] }],
    [
      'capabilities.add',
      { containers: [{ name: 'c', image: 'i', securityContext: { capabilities: { add: ['NET_RAW'] } } }] },
    ],
    ['seccompProfile', { securityContext: { seccompProfile: { type: 'Localhost' } } }],
    ['lifecycle', { containers: [{ name: 'c', image: 'i', lifecycle: {} }] }],
    ['nvidia.com/gpu', { containers: [{ name: 'c', image: 'i', resources: { limits: { 'nvidia.com/gpu': '1' } } }] }],
    ['spec.containers[0].ports.hostPort', { containers: [{ name: 'c', image: 'i', ports: [{ hostPort: 80 }] }] }],
    ['spec.resources', { resources: { limits: { memory: '1Gi' } } }],
    ['restartPolicy', { initContainers: [{ name: 'c', image: 'i', restartPolicy: 'Always' }] }],
  ])('names %s', ([field, spec], { expect }) => {
    const problems = unsupportedFields(podWith(spec));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(field);
  });
});

describe('a container log', () => {
  const withLog = async (
    maxBytes: number | undefined,
    use: (log: ContainerLog, clock: VirtualClock) => Promise<void>,
  ): Promise<void> => {
    const dir = mkdtempSync(join(tmpdir(), 'wavetank-log-'));
    const clock = new VirtualClock();
    try {
      await use(new ContainerLog(join(dir, 'c.log'), clock, createNative(), maxBytes), clock);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  };
  const read = async (log: ContainerLog, options: LogOptions = {}): Promise<string> => {
    const parts: Uint8Array[] = [];
    for await (const part of log.read(options)) parts.push(part);
    return Buffer.concat(parts).toString('utf8');
  };

  it('gives back every byte, with an unfinished last line and very long lines', async ({ expect }) => {
    const text = `grüße\n${'x'.repeat(40_000)}\n\nno end`;
    await withLog(undefined, async (log) => {
      await log.consume('stdout', Readable.from([Buffer.from(text.slice(0, 2)), Buffer.from(text.slice(2))]));
      await log.end();
      expect(await read(log)).toBe(text);
      expect(await read(log, { tailLines: 2 })).toBe('\nno end');
      expect(await read(log, { tailLines: 0 })).toBe('');
      expect(await read(log, { limitBytes: 3 })).toBe(
        'gr\u00fc'.slice(0, 2) + Buffer.from('ü').subarray(0, 1).toString('utf8'),
      );
    });
  });

  it('filters by age and shows times', async ({ expect }) => {
    await withLog(undefined, async (log, clock) => {
      await log.consume('stdout', Readable.from([Buffer.from('old\n')]));
      clock.advance(60_000);
      await log.consume('stderr', Readable.from([Buffer.from('new\n')]));
      expect(await read(log, { sinceSeconds: 10 })).toBe('new\n');
      expect(await read(log, { tailLines: 1, timestamps: true })).toMatch(/^2023-11-14T22:14:20\.000Z new\n$/);
    });
  });

  it('follows until the container ends', async ({ expect }) => {
    await withLog(undefined, async (log) => {
      const following = read(log, { follow: true });
      await log.consume('stdout', Readable.from([Buffer.from('one\n')]));
      await log.consume('stdout', Readable.from([Buffer.from('two\n')]));
      await log.end();
      expect(await following).toBe('one\ntwo\n');
    });
  });

  it('loses the oldest lines beyond its size, never the newest', async ({ expect }) => {
    await withLog(4000, async (log) => {
      for (let line = 0; line < 200; line++) {
        await log.consume('stdout', Readable.from([Buffer.from(`line ${line}\n`)]));
        await log.flush();
      }
      await log.end();
      const kept = (await read(log)).trim().split('\n');
      expect(kept.at(-1)).toBe('line 199');
      expect(kept.length).toBeLessThan(120);
      expect(kept.length).toBeGreaterThan(20);
    });
  });
});
