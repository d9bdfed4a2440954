import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { CopyConditions } from 'minio';
import { describe, it } from 'vitest';
import type { ContractSubject } from './subject.ts';

const MIB = 1024 * 1024;

/** The client that the products use, unmodified. */
export function describeMinioClient(subject: ContractSubject): void {
  const { minio, freshBucket } = subject;

  describe('the minio client', () => {
    it('makes, finds, lists and removes buckets', async ({ expect }) => {
      const bucket = await freshBucket();
      expect(await minio().bucketExists(bucket)).toBe(true);
      expect((await minio().listBuckets()).map((entry) => entry.name)).toContain(bucket);
      await expect(minio().makeBucket(bucket)).rejects.toMatchObject({ code: 'BucketAlreadyOwnedByYou' });
      await minio().putObject(bucket, 'one', 'x');
      await expect(minio().removeBucket(bucket)).rejects.toMatchObject({ code: 'BucketNotEmpty' });
      await minio().removeObject(bucket, 'one');
      await minio().removeBucket(bucket);
      expect(await minio().bucketExists(bucket)).toBe(false);
    });

    it('puts a buffer with metadata and gets and stats the same', async ({ expect }) => {
      const bucket = await freshBucket();
      const key = 'job 1/outputs/größe+(1)~*\'&="<x>.csv';
      const put = await minio().putObject(bucket, key, Buffer.from('a,b\n1,2\n'), undefined, {
        'Content-Type': 'text/csv',
        'X-Amz-Meta-Origin': 'eu lab',
      });
      const etag = createHash('md5').update('a,b\n1,2\n').digest('hex');
      expect(put.etag).toBe(etag);
      expect(await minio().statObject(bucket, key)).toMatchObject({
        size: 8,
        etag,
        metaData: { 'content-type': 'text/csv', origin: 'eu lab' },
      });
      expect((await buffer(await minio().getObject(bucket, key))).toString()).toBe('a,b\n1,2\n');
      expect((await buffer(await minio().getPartialObject(bucket, key, 2, 3))).toString()).toBe('b\n1');
      expect((await buffer(await minio().getPartialObject(bucket, key, 4))).toString()).toBe('1,2\n');
    });

    it('streams an object of unknown size in parts', async ({ expect }) => {
      const bucket = await freshBucket();
      const pieces = Array.from({ length: 12 }, (_, index) => Buffer.alloc(MIB, index));
      const client = minio();
      await client.putObject(bucket, 'streamed', Readable.from(pieces));
      const got = createHash('sha256');
      for await (const chunk of await client.getObject(bucket, 'streamed')) got.update(chunk as Buffer);
      expect(got.digest('hex')).toBe(createHash('sha256').update(Buffer.concat(pieces)).digest('hex'));
      expect(await client.statObject(bucket, 'streamed')).toMatchObject({ size: 12 * MIB });
    });

    it('lists with prefix, folders and start-after, both versions', async ({ expect }) => {
      const bucket = await freshBucket();
      for (const key of ['a/1', 'a/2', 'a/b/3', 'c', 'd e+f']) await minio().putObject(bucket, key, key);
      const names = async (stream: AsyncIterable<unknown>): Promise<string[]> => {
        const found: string[] = [];
        for await (const item of stream) {
          const { name, prefix } = item as { name?: string; prefix?: string };
          found.push(name ?? prefix ?? '');
        }
        return found;
      };
      expect(await names(minio().listObjectsV2(bucket, '', true))).toEqual(['a/1', 'a/2', 'a/b/3', 'c', 'd e+f']);
      expect((await names(minio().listObjectsV2(bucket, 'a/', false))).toSorted()).toEqual(['a/1', 'a/2', 'a/b/']);
      expect(await names(minio().listObjectsV2(bucket, '', true, 'a/2'))).toEqual(['a/b/3', 'c', 'd e+f']);
      expect(await names(minio().listObjects(bucket, 'a/', true))).toEqual(['a/1', 'a/2', 'a/b/3']);
    });

    it('copies an object and removes many', async ({ expect }) => {
      const bucket = await freshBucket();
      await minio().putObject(bucket, 'source ä', 'content', undefined, { 'X-Amz-Meta-Kept': 'yes' });
      await minio().copyObject(bucket, 'copy', `/${bucket}/source ä`, new CopyConditions());
      expect(await minio().statObject(bucket, 'copy')).toMatchObject({ size: 7, metaData: { kept: 'yes' } });
      const failed = await minio().removeObjects(bucket, ['source ä', 'copy', 'never there']);
      expect(failed).toEqual([]);
      await expect(minio().statObject(bucket, 'copy')).rejects.toMatchObject({ code: 'NotFound' });
      await expect(minio().getObject(bucket, 'copy')).rejects.toMatchObject({ code: 'NoSuchKey' });
    });

    it('gets and puts through presigned URLs', async ({ expect }) => {
      const bucket = await freshBucket();
      const put = await fetch(await minio().presignedPutObject(bucket, 'by url', 60), {
        method: 'PUT',
        body: 'presigned',
      });
      expect(put.status).toBe(200);
      const url = await minio().presignedGetObject(bucket, 'by url', 60, { 'response-content-type': 'text/x-lab' });
      const got = await fetch(url);
      expect([got.status, got.headers.get('content-type'), await got.text()]).toEqual([200, 'text/x-lab', 'presigned']);
      const forged = await fetch(url.replace(/Signature=..../, 'Signature=0000'));
      expect([forged.status, await forged.text()]).toEqual([
        403,
        expect.stringContaining('<Code>SignatureDoesNotMatch</Code>'),
      ]);
    });

    it('lists and removes incomplete uploads', async ({ expect }) => {
      const bucket = await freshBucket();
      const id = await minio().initiateNewMultipartUpload(bucket, 'half', {});
      expect(await minio().findUploadId(bucket, 'half')).toBe(id);
      await minio().removeIncompleteUpload(bucket, 'half');
      expect(await minio().findUploadId(bucket, 'half')).toBeUndefined();
    });
  });
}
