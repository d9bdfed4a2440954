import { describe, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { ContractSubject } from './subject.ts';
import type { RawRequest, Signer } from '../signed-request.ts';
import { presign, refusalOf, send, sendSigned, signRequest } from '../signed-request.ts';

/** Every refusal has an accepted twin: the same request as it should be. */
export function describeAccessRefusals({ storage, freshBucket, capabilities }: ContractSubject): void {
  const now = (): number => systemClock.now();
  const MINUTE = 60_000;

  describe('access', () => {
    const wrong: [string, (signer: Signer) => Signer, { status: number; code: string }][] = [
      [
        'an unknown access key',
        (signer) => ({ ...signer, accessKey: 'nobodyknows' }),
        { status: 403, code: 'InvalidAccessKeyId' },
      ],
      [
        'a wrong secret',
        (signer) => ({ ...signer, secretKey: 'wrong-secret-key' }),
        { status: 403, code: 'SignatureDoesNotMatch' },
      ],
      [
        'a wrong region',
        (signer) => ({ ...signer, region: 'eu-nowhere-1' }),
        { status: 400, code: 'AuthorizationHeaderMalformed' },
      ],
    ];
    for (const [what, change, refusal] of wrong) {
      it(`refuses ${what}`, async ({ expect }) => {
        const bucket = await freshBucket();
        const request = { path: `/${bucket}?list-type=2`, nowMs: now() };
        expect((await sendSigned(storage(), request)).status).toBe(200);
        expect(refusalOf(await sendSigned(change(storage()), request))).toEqual(refusal);
      });
    }

    it('refuses who does not sign at all', async ({ expect }) => {
      const bucket = await freshBucket();
      expect(refusalOf(await send(storage().endpoint, { path: `/${bucket}?list-type=2` }))).toEqual({
        status: 403,
        code: 'AccessDenied',
      });
    });

    it('refuses a clock that is off by more than 15 minutes, either way', async ({ expect }) => {
      const bucket = await freshBucket();
      const at = (nowMs: number): RawRequest => ({ path: `/${bucket}?list-type=2`, nowMs });
      expect((await sendSigned(storage(), at(now() - 13 * MINUTE))).status).toBe(200);
      for (const nowMs of [now() - 17 * MINUTE, now() + 17 * MINUTE]) {
        expect(refusalOf(await sendSigned(storage(), at(nowMs)))).toEqual({
          status: 403,
          code: 'RequestTimeTooSkewed',
        });
      }
    });

    it('refuses what was changed after signing', async ({ expect }) => {
      const bucket = await freshBucket();
      const raw = { method: 'PUT', path: `/${bucket}/k`, body: 'x', headers: { 'x-amz-meta-a': '1' }, nowMs: now() };
      const { headers } = signRequest(storage(), raw);
      expect((await send(storage().endpoint, raw, headers)).status).toBe(200);
      const tampered = [
        send(storage().endpoint, { ...raw, path: `/${bucket}/other` }, headers),
        send(storage().endpoint, { ...raw, method: 'DELETE' }, headers),
        send(storage().endpoint, raw, { ...headers, 'x-amz-meta-a': '2' }),
      ];
      for (const answer of await Promise.all(tampered))
        expect(refusalOf(answer)).toEqual({ status: 403, code: 'SignatureDoesNotMatch' });
    });

    it('refuses a header of its own that nobody signed', async ({ expect, skip }) => {
      if (!capabilities.wantsOwnHeadersSigned) skip('this backend takes them');
      const bucket = await freshBucket();
      const raw = { method: 'PUT', path: `/${bucket}/k`, body: 'x', headers: { 'x-amz-meta-a': '1' }, nowMs: now() };
      expect(refusalOf(await sendSigned(storage(), { ...raw, unsigned: ['x-amz-meta-a'] }))).toEqual({
        status: 403,
        code: 'AccessDenied',
      });
    });

    it('honours a presigned URL until it expires, for what it was signed for', async ({ expect }) => {
      const bucket = await freshBucket();
      await sendSigned(storage(), { method: 'PUT', path: `/${bucket}/k`, body: 'x', nowMs: now() });
      const url = (ageMs: number, expiresSeconds: number, method = 'GET'): string =>
        presign(storage(), { path: `/${bucket}/k`, nowMs: now() - ageMs, expiresSeconds, method });
      const get = async (path: string): Promise<unknown> => {
        const answer = await send(storage().endpoint, { path });
        return answer.status === 200 ? answer.body.toString() : refusalOf(answer);
      };
      expect(await get(url(50 * MINUTE, 3600))).toBe('x');
      expect(await get(url(61 * MINUTE, 3600))).toEqual({ status: 403, code: 'AccessDenied' });
      expect(await get(url(0, 604_801))).toEqual({ status: 400, code: 'AuthorizationQueryParametersError' });
      expect(await get(url(0, 60, 'PUT'))).toEqual({ status: 403, code: 'SignatureDoesNotMatch' });
    });
  });

  describe('what is not there', () => {
    for (const [level, name] of [
      ['bucket', 'acl'],
      ['bucket', 'policy'],
      ['bucket', 'versioning'],
      ['bucket', 'tagging'],
      ['bucket', 'lifecycle'],
      ['bucket', 'cors'],
      ['bucket', 'versions'],
      ['bucket', 'notification'],
      ['bucket', 'encryption'],
      ['bucket', 'object-lock'],
      ['object', 'acl'],
      ['object', 'tagging'],
      ['object', 'retention'],
      ['object', 'legal-hold'],
      ['object', 'torrent'],
      ['object', 'attributes'],
    ] as const) {
      it(`answers NotImplemented for ?${name} of a ${level}`, async ({ expect, skip }) => {
        if (!capabilities.refusesOtherSubresources) skip('this backend has some of them');
        const bucket = await freshBucket();
        const path = `/${bucket}${level === 'object' ? '/k' : ''}?${name}`;
        for (const method of ['GET', 'PUT']) {
          expect(refusalOf(await sendSigned(storage(), { method, path, nowMs: now() }))).toEqual({
            status: 501,
            code: 'NotImplemented',
          });
        }
      });
    }

    for (const [name, value] of [
      ['x-amz-acl', 'public-read'],
      ['x-amz-tagging', 'a=b'],
      ['x-amz-server-side-encryption', 'AES256'],
      ['x-amz-storage-class', 'GLACIER'],
      ['x-amz-object-lock-mode', 'GOVERNANCE'],
      ['x-amz-website-redirect-location', '/x'],
      ['x-amz-something-new', '1'],
    ] as const) {
      it(`answers NotImplemented for ${name}: ${value}`, async ({ expect, skip }) => {
        if (!capabilities.refusesOtherSubresources) skip('this backend has some of them');
        const bucket = await freshBucket();
        const answer = await sendSigned(storage(), {
          method: 'PUT',
          path: `/${bucket}/k`,
          body: 'x',
          headers: { [name]: value },
          nowMs: now(),
        });
        expect(refusalOf(answer)).toEqual({ status: 501, code: 'NotImplemented' });
      });
    }

    it('refuses methods and parameters that mean nothing', async ({ expect, skip }) => {
      const bucket = await freshBucket();
      const patch = await sendSigned(storage(), { method: 'PATCH', path: `/${bucket}/k`, nowMs: now() });
      expect(refusalOf(patch)).toEqual(capabilities.codes.unknownMethod);
      if (!capabilities.refusesUnknownParameters) skip('this backend ignores them, as Amazon does');
      const odd = await sendSigned(storage(), { path: `/${bucket}?list-type=2&surprise=1`, nowMs: now() });
      expect(refusalOf(odd)).toEqual({ status: 400, code: 'InvalidArgument' });
    });
  });
}
