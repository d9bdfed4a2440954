import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../core/virtual-clock.ts';
import { createLocalSigner } from '../signer.ts';
import { PROVIDER_KEY, STRANGER_KEY } from '../testing/assets.ts';
import type { InputGrant } from './capability.ts';
import { createCapabilities } from './capability.ts';

const NOW = 1_700_000_000;
const clock = new VirtualClock(NOW * 1000);
const capabilities = createCapabilities(createLocalSigner(PROVIDER_KEY), clock);
const grant: InputGrant = {
  chainId: 8996,
  jobId: 'j',
  did: 'did:op:1',
  serviceId: 's',
  fileIndex: 0,
  checksum: 'ab',
  expiresAt: NOW + 60,
};

describe('a capability', () => {
  test('carries its grant, and only this Provider writes it', async () => {
    const text = await capabilities.issue(grant);
    expect(await capabilities.verify(text)).toEqual({ ok: true, value: grant });
    const others = createCapabilities(createLocalSigner(STRANGER_KEY), clock);
    expect(await others.verify(text)).toMatchObject({ ok: false, reason: { code: 'CAPABILITY_INVALID' } });
  });

  test.each([
    ['another file', { fileIndex: 1 }],
    ['another job', { jobId: 'k' }],
    ['a later end', { expiresAt: NOW + 6000 }],
  ])('changed to %s is worth nothing', async (_name, change) => {
    const mac = (await capabilities.issue(grant)).split('.')[1] ?? '';
    const payload = Buffer.from(JSON.stringify({ ...grant, ...change })).toString('base64url');
    expect(await capabilities.verify(`${payload}.${mac}`)).toMatchObject({
      ok: false,
      reason: { code: 'CAPABILITY_INVALID' },
    });
  });

  test.each(['', '.', 'a.b', 'a.b.c', 'x'.repeat(20_000)])('%s is none', async (text) => {
    expect(await capabilities.verify(text)).toMatchObject({ ok: false, reason: { code: 'CAPABILITY_INVALID' } });
  });

  test('expires', async () => {
    const text = await capabilities.issue({ ...grant, expiresAt: NOW });
    expect(await capabilities.verify(text)).toMatchObject({ ok: false, reason: { code: 'CAPABILITY_EXPIRED' } });
  });
});
