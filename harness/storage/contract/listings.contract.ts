import { describe, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { ContractSubject } from './subject.ts';
import { md5Hex } from './subject.ts';
import type { RawAnswer } from '../signed-request.ts';
import { refusalOf, sendSigned, xmlOf } from '../signed-request.ts';

type ListResult = Record<string, unknown> & { Contents?: unknown; CommonPrefixes?: unknown };

/** Listings as whole documents. */
export function describeListings({ storage, freshBucket }: ContractSubject): void {
  const get = (path: string): Promise<RawAnswer> => sendSigned(storage(), { path, nowMs: systemClock.now() });
  const fill = async (keys: readonly string[]): Promise<string> => {
    const bucket = await freshBucket();
    for (const key of keys) {
      await sendSigned(storage(), {
        method: 'PUT',
        path: `/${bucket}/${encodeURIComponent(key)}`,
        body: key,
        nowMs: systemClock.now(),
      });
    }
    return bucket;
  };
  const listOf = async (path: string): Promise<ListResult> => xmlOf(await get(path))['ListBucketResult'] as ListResult;
  const shown = (result: ListResult): string[] => [
    ...[result.Contents ?? []].flat().map((entry) => (entry as { Key: string }).Key),
    ...[result.CommonPrefixes ?? []].flat().map((entry) => (entry as { Prefix: string }).Prefix),
  ];

  describe('listings', () => {
    it('answers version 2 with the whole document', async ({ expect }) => {
      const bucket = await fill(['a/1', 'b']);
      expect(xmlOf(await get(`/${bucket}?delimiter=%2F&list-type=2&max-keys=10&start-after=a`))).toEqual({
        ListBucketResult: {
          Name: bucket,
          Prefix: '',
          StartAfter: 'a',
          KeyCount: '2',
          MaxKeys: '10',
          Delimiter: '/',
          IsTruncated: 'false',
          Contents: {
            Key: 'b',
            LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
            ETag: `"${md5Hex('b')}"`,
            Size: '1',
            StorageClass: 'STANDARD',
          },
          CommonPrefixes: { Prefix: 'a/' },
        },
      });
    });

    it('lists in the order of UTF-8 bytes', async ({ expect }) => {
      const keys = ['Z', 'a', 'é', '\uff5e', '\u{1f30a}'];
      const bucket = await fill(keys.toReversed());
      expect(shown(await listOf(`/${bucket}?list-type=2`))).toEqual(keys);
    });

    it('pages with a continuation token through keys and common prefixes, each once', async ({ expect }) => {
      const bucket = await fill(['a', 'b/1', 'b/2', 'b/3', 'c', 'd/1', 'e']);
      const seen: string[] = [];
      let token = '';
      for (let page = 0; page < 5; page++) {
        const result = await listOf(`/${bucket}?${token}delimiter=%2F&list-type=2&max-keys=1`);
        seen.push(...shown(result));
        if (result['IsTruncated'] === 'false') break;
        token = `continuation-token=${encodeURIComponent(String(result['NextContinuationToken']))}&`;
      }
      expect(seen).toEqual(['a', 'b/', 'c', 'd/', 'e']);
    });

    it('pages version 1 with markers', async ({ expect }) => {
      const bucket = await fill(['a', 'b/1', 'b/2', 'c']);
      const first = await listOf(`/${bucket}?delimiter=%2F&max-keys=2`);
      expect([shown(first), first['IsTruncated']]).toEqual([['a', 'b/'], 'true']);
      const next = encodeURIComponent(String(first['NextMarker']));
      expect(shown(await listOf(`/${bucket}?delimiter=%2F&marker=${next}`))).toEqual(['c']);
      expect(shown(await listOf(`/${bucket}?delimiter=%2F&marker=b%2F`))).toEqual(['c']);
      expect(shown(await listOf(`/${bucket}?marker=b%2F1`))).toEqual(['b/2', 'c']);
    });

    it('encodes keys when asked to', async ({ expect }) => {
      const bucket = await fill(['a b/ü+&\u0001']);
      expect(shown(await listOf(`/${bucket}?encoding-type=url&list-type=2`))).toEqual(['a+b/%C3%BC%2B%26%01']);
    });

    it('takes max-keys of 0, and refuses what is no number', async ({ expect }) => {
      const bucket = await fill(['a']);
      expect(await listOf(`/${bucket}?list-type=2&max-keys=0`)).toMatchObject({ KeyCount: '0', IsTruncated: 'false' });
      for (const value of ['-1', 'x', '1.5']) {
        expect(refusalOf(await get(`/${bucket}?list-type=2&max-keys=${value}`))).toEqual({
          status: 400,
          code: 'InvalidArgument',
        });
      }
      expect(refusalOf(await get(`/${bucket}?encoding-type=base64&list-type=2`))).toEqual({
        status: 400,
        code: 'InvalidArgument',
      });
      expect(refusalOf(await get(`/${bucket}-none?list-type=2`))).toEqual({ status: 404, code: 'NoSuchBucket' });
    });
  });
}
