import { crc32 } from 'node:zlib';
import { describe, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { ContractSubject } from './subject.ts';
import { md5Hex } from './subject.ts';
import type { RawAnswer } from '../signed-request.ts';
import { refusalOf, sendSigned, xmlOf } from '../signed-request.ts';

const PART = 5 * 1024 * 1024;

/** Bytes that differ from place to place, so that a wrong offset shows. */
function patterned(size: number): Buffer {
  return Buffer.alloc(size, Buffer.from(Array.from({ length: 251 }, (_, index) => index)));
}

function crc32Of(data: Buffer | string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(data));
  return bytes.toString('base64');
}

/** Multipart uploads, the refusals above all. */
export function describeMultipart({ storage, freshBucket, capabilities }: ContractSubject): void {
  const call = (
    method: string,
    path: string,
    body: string | Buffer = '',
    headers: Record<string, string> = {},
  ): Promise<RawAnswer> => sendSigned(storage(), { method, path, body, headers, nowMs: systemClock.now() });
  const begin = async (headers?: Record<string, string>): Promise<{ path: string; id: string; bucket: string }> => {
    const bucket = await freshBucket();
    const answer = await call('POST', `/${bucket}/k?uploads`, '', headers);
    const result = xmlOf(answer)['InitiateMultipartUploadResult'] as { UploadId: string };
    return { bucket, path: `/${bucket}/k`, id: result.UploadId };
  };
  const complete = (path: string, id: string, parts: readonly [number, string, string?][]): Promise<RawAnswer> => {
    const listed = parts.map(
      ([number, etag, more]) => `<Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag>${more ?? ''}</Part>`,
    );
    return call(
      'POST',
      `${path}?uploadId=${id}`,
      `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`,
    );
  };

  describe('multipart uploads', () => {
    it('refuses wrong, unordered and too small parts, and then takes the right ones', async ({ expect }) => {
      const { path, id } = await begin();
      const big = Buffer.alloc(PART, 1);
      await call('PUT', `${path}?partNumber=1&uploadId=${id}`, 'small');
      await call('PUT', `${path}?partNumber=2&uploadId=${id}`, 'last');
      const [small, last] = [md5Hex('small'), md5Hex('last')];
      expect(refusalOf(await complete(path, id, [[1, last]]))).toEqual({ status: 400, code: 'InvalidPart' });
      expect(refusalOf(await complete(path, id, [[3, last]]))).toEqual({ status: 400, code: 'InvalidPart' });
      expect(
        refusalOf(
          await complete(path, id, [
            [2, last],
            [1, small],
          ]),
        ),
      ).toEqual({ status: 400, code: 'InvalidPartOrder' });
      expect(
        refusalOf(
          await complete(path, id, [
            [1, small],
            [2, last],
          ]),
        ),
      ).toEqual({ status: 400, code: 'EntityTooSmall' });
      expect(refusalOf(await complete(path, id, []))).toEqual({
        status: 400,
        code: capabilities.codes.emptyPartList,
      });
      expect((await call('HEAD', path)).status).toBe(404);
      await call('PUT', `${path}?partNumber=1&uploadId=${id}`, big);
      expect(
        (
          await complete(path, id, [
            [1, md5Hex(big)],
            [2, last],
          ])
        ).status,
      ).toBe(200);
      expect((await call('HEAD', path)).headers['content-length']).toBe(String(PART + 4));
      expect(refusalOf(await call('PUT', `${path}?partNumber=1&uploadId=${id}`, 'late'))).toEqual({
        status: 404,
        code: 'NoSuchUpload',
      });
    });

    it('lists parts page by page', async ({ expect }) => {
      const { path, id } = await begin();
      for (const number of [1, 5, 9]) await call('PUT', `${path}?partNumber=${number}&uploadId=${id}`, String(number));
      const page = async (query: string): Promise<Record<string, unknown>> =>
        xmlOf(await call('GET', `${path}?${query}uploadId=${id}`))['ListPartsResult'] as Record<string, unknown>;
      expect(await page('max-parts=2&')).toMatchObject({
        IsTruncated: 'true',
        NextPartNumberMarker: '5',
        Part: [
          { PartNumber: '1', ETag: `"${md5Hex('1')}"`, Size: '1' },
          { PartNumber: '5', ETag: `"${md5Hex('5')}"`, Size: '1' },
        ],
      });
      expect(await page('max-parts=2&part-number-marker=5&')).toMatchObject({
        IsTruncated: 'false',
        Part: { PartNumber: '9' },
      });
    });

    it('forgets an aborted upload and its parts', async ({ expect }) => {
      const { bucket, path, id } = await begin();
      await call('PUT', `${path}?partNumber=1&uploadId=${id}`, 'x');
      expect(xmlOf(await call('GET', `/${bucket}?prefix=k&uploads=`))).toMatchObject({
        ListMultipartUploadsResult: { Upload: { Key: 'k', UploadId: id } },
      });
      expect((await call('DELETE', `${path}?uploadId=${id}`)).status).toBe(204);
      expect(refusalOf(await call('GET', `${path}?uploadId=${id}`))).toEqual({ status: 404, code: 'NoSuchUpload' });
      expect(refusalOf(await complete(path, id, [[1, md5Hex('x')]]))).toEqual({ status: 404, code: 'NoSuchUpload' });
      expect((await call('GET', `/${bucket}?prefix=k&uploads=`)).body.toString()).not.toContain('<Upload>');
    });

    it('refuses part numbers outside 1 to 10000', async ({ expect }) => {
      const { path, id } = await begin();
      for (const number of ['0', '10001', 'x']) {
        expect(refusalOf(await call('PUT', `${path}?partNumber=${number}&uploadId=${id}`, 'x'))).toEqual({
          status: 400,
          code: number === '10001' ? 'InvalidArgument' : capabilities.codes.badPartNumber,
        });
      }
    });

    it('makes composite checksums from those of the parts', async ({ expect }) => {
      const { path, id } = await begin({ 'x-amz-checksum-algorithm': 'CRC32' });
      const put = await call('PUT', `${path}?partNumber=1&uploadId=${id}`, '123456789', {
        'x-amz-checksum-crc32': 'y/Q5Jg==',
      });
      expect(put.headers['x-amz-checksum-crc32']).toBe('y/Q5Jg==');
      const done = await complete(path, id, [[1, md5Hex('123456789'), '<ChecksumCRC32>y/Q5Jg==</ChecksumCRC32>']]);
      expect([done.status, done.body.toString()]).toEqual([200, expect.stringContaining('<ChecksumCRC32>')]);
      expect(done.body.toString()).toMatch(/<ChecksumCRC32>[^<]{8}-1<\/ChecksumCRC32>/);
    });

    it('makes the checksum of the whole from those of the parts, a copied range among them', async ({
      expect,
      skip,
    }) => {
      if (!capabilities.checksumsCopiedParts) skip('copied parts have no checksum on this backend');
      const { bucket, path, id } = await begin({
        'x-amz-checksum-algorithm': 'CRC32',
        'x-amz-checksum-type': 'FULL_OBJECT',
      });
      const source = patterned(PART + 200);
      await call('PUT', `/${bucket}/source`, source);
      const first = await call('PUT', `${path}?partNumber=1&uploadId=${id}`, '', {
        'x-amz-copy-source': `/${bucket}/source`,
        'x-amz-copy-source-range': `bytes=100-${PART + 99}`,
      });
      expect(first.status).toBe(200);
      await call('PUT', `${path}?partNumber=2&uploadId=${id}`, 'end', { 'x-amz-checksum-crc32': crc32Of('end') });
      const copied = source.subarray(100, PART + 100);
      expect(
        (
          await complete(path, id, [
            [1, md5Hex(copied)],
            [2, md5Hex('end')],
          ])
        ).status,
      ).toBe(200);
      const got = await call('GET', path, '', { 'x-amz-checksum-mode': 'ENABLED' });
      const whole = Buffer.concat([copied, Buffer.from('end')]);
      expect(got.body.equals(whole)).toBe(true);
      expect(got.headers).toMatchObject({
        'x-amz-checksum-crc32': crc32Of(whole),
        'x-amz-checksum-type': 'FULL_OBJECT',
      });
    });
  });
}
