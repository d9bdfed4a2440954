import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { assert } from '../../../core/errors.ts';
import type { ContractSubject } from './subject.ts';
import { md5Hex } from './subject.ts';

const PART = 5 * 1024 * 1024;

/** A second client, of another family: it sends checksums, trailers and its own headers. */
export function describeAwsSdk({ storage, freshBucket, capabilities }: ContractSubject): void {
  describe('the AWS SDK', () => {
    let client: S3Client | undefined;
    const sdk = (): S3Client => {
      assert(client, 'the client was made before');
      return client;
    };
    beforeAll(() => {
      const { endpoint, region, accessKey, secretKey } = storage();
      client = new S3Client({
        endpoint,
        region,
        forcePathStyle: true,
        maxAttempts: 1,
        credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      });
    });
    afterAll(() => client?.destroy());

    it('puts with a checksum and gets it verified', async ({ expect }) => {
      const Bucket = await freshBucket();
      const put = await sdk().send(
        new PutObjectCommand({
          Bucket,
          Key: 'k',
          Body: '123456789',
          ContentType: 'text/plain',
          Metadata: { lab: 'eu' },
        }),
      );
      expect(put).toMatchObject({ ETag: `"${md5Hex('123456789')}"`, ChecksumCRC32: 'y/Q5Jg==' });
      const got = await sdk().send(new GetObjectCommand({ Bucket, Key: 'k' }));
      expect(await got.Body?.transformToString()).toBe('123456789');
      expect(got).toMatchObject({
        ContentType: 'text/plain',
        ContentLength: 9,
        Metadata: { lab: 'eu' },
        ChecksumCRC32: 'y/Q5Jg==',
      });
    });

    for (const [ChecksumAlgorithm, field, value] of [
      ['CRC32C', 'ChecksumCRC32C', '4waSgw=='],
      ['SHA1', 'ChecksumSHA1', '98O8HYCOBHMq32eZZczDTKeuNEE='],
      ['SHA256', 'ChecksumSHA256', 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU='],
    ] as const) {
      it(`streams a body with its ${ChecksumAlgorithm} in the trailer`, async ({ expect }) => {
        const Bucket = await freshBucket();
        const Body = Readable.from([Buffer.from('123456789')]);
        const put = await sdk().send(
          new PutObjectCommand({ Bucket, Key: 'k', Body, ContentLength: 9, ChecksumAlgorithm }),
        );
        expect(put).toMatchObject({ [field]: value });
        const head = await sdk().send(new HeadObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' }));
        expect(head).toMatchObject({ ContentLength: 9, [field]: value });
      });
    }

    it('uploads in parts with checksums, copies a part, and names the whole as S3 does', async ({ expect }) => {
      const Bucket = await freshBucket();
      const [first, last] = [Buffer.alloc(PART, 'a'), Buffer.from('the end')];
      await sdk().send(new PutObjectCommand({ Bucket, Key: 'source', Body: first }));
      const { UploadId } = await sdk().send(
        new CreateMultipartUploadCommand({ Bucket, Key: 'whole', Metadata: { m: '1' } }),
      );
      const copied = await sdk().send(
        new UploadPartCopyCommand({ Bucket, Key: 'whole', UploadId, PartNumber: 1, CopySource: `${Bucket}/source` }),
      );
      const put = await sdk().send(
        new UploadPartCommand({ Bucket, Key: 'whole', UploadId, PartNumber: 2, Body: last }),
      );
      const done = await sdk().send(
        new CompleteMultipartUploadCommand({
          Bucket,
          Key: 'whole',
          UploadId,
          MultipartUpload: {
            Parts: [
              { PartNumber: 1, ETag: copied.CopyPartResult?.ETag },
              { PartNumber: 2, ETag: put.ETag },
            ],
          },
        }),
      );
      const digests = Buffer.from(md5Hex(first) + md5Hex(last), 'hex');
      expect(done).toMatchObject({ Bucket, Key: 'whole', ETag: `"${md5Hex(digests)}-2"` });
      const tail = await sdk().send(
        new GetObjectCommand({ Bucket, Key: 'whole', Range: `bytes=${PART - 2}-${PART + 2}` }),
      );
      expect(await tail.Body?.transformToString()).toBe('aathe');
      expect(tail).toMatchObject({ ContentRange: `bytes ${PART - 2}-${PART + 2}/${PART + 7}`, Metadata: { m: '1' } });
    });

    it('pages through a listing and deletes what it found', async ({ expect }) => {
      const Bucket = await freshBucket();
      for (const Key of ['p/1', 'p/2', 'p/3', 'q']) await sdk().send(new PutObjectCommand({ Bucket, Key, Body: Key }));
      const first = await sdk().send(new ListObjectsV2Command({ Bucket, Prefix: 'p/', MaxKeys: 2 }));
      expect(first).toMatchObject({ IsTruncated: true, KeyCount: 2 });
      const second = await sdk().send(
        new ListObjectsV2Command({ Bucket, Prefix: 'p/', MaxKeys: 2, ContinuationToken: first.NextContinuationToken }),
      );
      expect([...(first.Contents ?? []), ...(second.Contents ?? [])].map(({ Key, Size }) => [Key, Size])).toEqual([
        ['p/1', 3],
        ['p/2', 3],
        ['p/3', 3],
      ]);
      const deleted = await sdk().send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'p/1' }, { Key: 'none' }] } }),
      );
      expect(deleted.Deleted).toEqual([{ Key: 'p/1' }, { Key: 'none' }]);
    });

    it('replaces the metadata of an object by copying it onto itself', async ({ expect }) => {
      const Bucket = await freshBucket();
      await sdk().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', Metadata: { old: '1' } }));
      const CopySource = `${Bucket}/k`;
      await expect(sdk().send(new CopyObjectCommand({ Bucket, Key: 'k', CopySource }))).rejects.toMatchObject({
        name: 'InvalidRequest',
      });
      await sdk().send(
        new CopyObjectCommand({ Bucket, Key: 'k', CopySource, MetadataDirective: 'REPLACE', Metadata: { new: '2' } }),
      );
      expect((await sdk().send(new HeadObjectCommand({ Bucket, Key: 'k' }))).Metadata).toEqual({ new: '2' });
    });

    it("hears S3's own errors", async ({ expect }) => {
      const Bucket = await freshBucket();
      await expect(sdk().send(new GetObjectCommand({ Bucket, Key: 'none' }))).rejects.toMatchObject({
        name: 'NoSuchKey',
      });
      await expect(sdk().send(new GetObjectCommand({ Bucket: 'contract-none', Key: 'k' }))).rejects.toMatchObject({
        name: 'NoSuchBucket',
      });
      await expect(
        sdk().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ChecksumCRC32: 'AAAAAA==' })),
      ).rejects.toMatchObject({
        name: capabilities.codes.checksumMismatch,
      });
    });
  });
}
