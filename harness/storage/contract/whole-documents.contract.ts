import { describe, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { RawAnswer } from '../signed-request.ts';
import { sendSigned, xmlOf } from '../signed-request.ts';
import type { ContractSubject } from './subject.ts';
import { md5Hex } from './subject.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Documents compared element by element: refusals, uploads, deletions, buckets. */
export function describeWholeDocuments({ storage, freshBucket }: ContractSubject): void {
  const call = (
    method: string,
    path: string,
    body?: string,
    headers: Record<string, string> = {},
  ): Promise<RawAnswer> =>
    sendSigned(storage(), { method, path, headers, nowMs: systemClock.now(), ...(body === undefined ? {} : { body }) });

  describe('whole documents', () => {
    it('tell a refusal with its code, what it is about, and the request', async ({ expect }) => {
      const bucket = await freshBucket();
      const text = expect.stringMatching(/./) as string;
      const about = { Message: text, RequestId: text, HostId: text };
      const shown = ({ status, headers, body }: RawAnswer): unknown => ({
        status,
        type: headers['content-type'],
        ...xmlOf({ status, headers, body }),
      });
      expect(shown(await call('GET', `/${bucket}/none`))).toEqual({
        status: 404,
        type: 'application/xml',
        Error: expect.objectContaining({
          ...about,
          Code: 'NoSuchKey',
          Key: 'none',
          Resource: `/${bucket}/none`,
        }) as object,
      });
      expect(shown(await call('GET', `/${bucket}-none?list-type=2`))).toEqual({
        status: 404,
        type: 'application/xml',
        Error: expect.objectContaining({ ...about, Code: 'NoSuchBucket', BucketName: `${bucket}-none` }) as object,
      });
      expect(shown(await call('GET', `/${bucket}/k?uploadId=none`))).toEqual({
        status: 404,
        type: 'application/xml',
        Error: expect.objectContaining({ ...about, Code: 'NoSuchUpload', Resource: `/${bucket}/k` }) as object,
      });
      const headed = await call('HEAD', `/${bucket}/none`);
      expect([headed.status, headed.body.length]).toEqual([404, 0]);
    });

    it('tell of an upload from its beginning to its end', async ({ expect }) => {
      const bucket = await freshBucket();
      const begun = xmlOf(await call('POST', `/${bucket}/k?uploads=`));
      expect(begun).toEqual({
        InitiateMultipartUploadResult: { Bucket: bucket, Key: 'k', UploadId: expect.stringMatching(/./) as string },
      });
      const { UploadId } = begun['InitiateMultipartUploadResult'] as { UploadId: string };
      const id = encodeURIComponent(UploadId);
      const put = await call('PUT', `/${bucket}/k?partNumber=1&uploadId=${id}`, 'part');
      const etag = `"${md5Hex('part')}"`;
      expect([put.status, put.headers['etag'], put.body.length]).toEqual([200, etag, 0]);
      const { ListPartsResult } = xmlOf(await call('GET', `/${bucket}/k?uploadId=${id}`));
      expect(ListPartsResult).toMatchObject({
        Bucket: bucket,
        Key: 'k',
        UploadId,
        StorageClass: 'STANDARD',
        PartNumberMarker: '0',
        IsTruncated: 'false',
        Part: { PartNumber: '1', LastModified: expect.stringMatching(TIME) as string, ETag: etag, Size: '4' },
      });
      const { ListMultipartUploadsResult } = xmlOf(await call('GET', `/${bucket}?prefix=k&uploads=`));
      expect(ListMultipartUploadsResult).toMatchObject({
        Bucket: bucket,
        Prefix: 'k',
        IsTruncated: 'false',
        Upload: { Key: 'k', UploadId, Initiated: expect.stringMatching(TIME) as string },
      });
      const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`;
      const whole = md5Hex(Buffer.from(md5Hex('part'), 'hex'));
      const { CompleteMultipartUploadResult } = xmlOf(await call('POST', `/${bucket}/k?uploadId=${id}`, list));
      expect(CompleteMultipartUploadResult).toMatchObject({
        Location: expect.stringContaining(`/${bucket}/k`) as string,
        Bucket: bucket,
        Key: 'k',
        ETag: `"${whole}-1"`,
      });
    });

    it('tell of copies and deletions', async ({ expect }) => {
      const bucket = await freshBucket();
      await call('PUT', `/${bucket}/k`, 'x');
      const copy = xmlOf(await call('PUT', `/${bucket}/copy`, undefined, { 'x-amz-copy-source': `/${bucket}/k` }));
      expect(copy).toEqual({
        CopyObjectResult: expect.objectContaining({
          LastModified: expect.stringMatching(TIME) as string,
          ETag: `"${md5Hex('x')}"`,
        }) as object,
      });
      const list = '<Delete><Object><Key>k</Key></Object><Object><Key>none</Key></Object></Delete>';
      const md5 = Buffer.from(md5Hex(list), 'hex').toString('base64');
      expect(xmlOf(await call('POST', `/${bucket}?delete=`, list, { 'content-md5': md5 }))).toEqual({
        DeleteResult: { Deleted: [{ Key: 'k' }, { Key: 'none' }] },
      });
      const gone = await call('DELETE', `/${bucket}/copy`);
      expect([gone.status, gone.body.length]).toEqual([204, 0]);
    });

    it('tell of buckets', async ({ expect }) => {
      const bucket = await freshBucket();
      const { ListAllMyBucketsResult } = xmlOf(await call('GET', '/'));
      const { Buckets, Owner } = ListAllMyBucketsResult as { Buckets: { Bucket: unknown }; Owner: unknown };
      expect([Buckets.Bucket].flat()).toContainEqual({
        Name: bucket,
        CreationDate: expect.stringMatching(TIME) as string,
      });
      expect(Owner).toEqual({ ID: expect.stringMatching(/./) as string, DisplayName: expect.anything() as unknown });
      const again = await call('PUT', `/${bucket}`);
      expect([again.status, (xmlOf(again)['Error'] as { Code: string }).Code]).toEqual([
        409,
        'BucketAlreadyOwnedByYou',
      ]);
      await call('PUT', `/${bucket}/k`, 'x');
      const full = await call('DELETE', `/${bucket}`);
      expect([full.status, (xmlOf(full)['Error'] as { Code: string }).Code]).toEqual([409, 'BucketNotEmpty']);
    });
  });
}
