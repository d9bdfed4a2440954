import { describe, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { ContractSubject } from './subject.ts';
import { md5Hex } from './subject.ts';
import type { RawAnswer } from '../signed-request.ts';
import { refusalOf, sendSigned, xmlOf } from '../signed-request.ts';

/** GET, HEAD, PUT, DELETE and copy, as they stand on the wire. */
export function describeObjects({ storage, freshBucket, capabilities }: ContractSubject): void {
  const call = (
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string | Buffer,
  ): Promise<RawAnswer> =>
    sendSigned(storage(), { method, path, headers, nowMs: systemClock.now(), ...(body === undefined ? {} : { body }) });

  describe('objects on the wire', () => {
    const ranges: [string, number, string, string?][] = [
      ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
      ['bytes=7-', 206, '789', 'bytes 7-9/10'],
      ['bytes=-4', 206, '6789', 'bytes 6-9/10'],
      ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
      ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
      ['bytes=9-9', 206, '9', 'bytes 9-9/10'],
    ];
    it('serves every kind of range', async ({ expect }) => {
      const bucket = await freshBucket();
      await call('PUT', `/${bucket}/k`, {}, '0123456789');
      for (const [range, status, text, contentRange] of ranges) {
        const got = await call('GET', `/${bucket}/k`, { range });
        expect([range, got.status, got.body.toString(), got.headers['content-range']]).toEqual([
          range,
          status,
          text,
          contentRange,
        ]);
        expect(got.headers['content-length']).toBe(String(text.length));
      }
    });

    it('refuses a range outside the object with its size', async ({ expect }) => {
      const bucket = await freshBucket();
      await call('PUT', `/${bucket}/k`, {}, '0123456789');
      const got = await call('GET', `/${bucket}/k`, { range: 'bytes=10-' });
      expect(refusalOf(got)).toEqual({ status: 416, code: 'InvalidRange' });
      expect(xmlOf(got)).toMatchObject({ Error: { ActualObjectSize: '10' } });
      await call('PUT', `/${bucket}/empty`, {}, '');
      expect(refusalOf(await call('GET', `/${bucket}/empty`, { range: 'bytes=0-' }))).toEqual({
        status: 416,
        code: 'InvalidRange',
      });
    });

    it('answers conditional reads', async ({ expect }) => {
      const bucket = await freshBucket();
      await call('PUT', `/${bucket}/k`, {}, 'x');
      const etag = `"${md5Hex('x')}"`;
      const [past, future] = ['Mon, 01 Jan 2001 00:00:00 GMT', 'Fri, 01 Jan 2100 00:00:00 GMT'];
      const cases: [Record<string, string>, number][] = [
        [{ 'if-match': etag }, 200],
        [{ 'if-match': '"other"' }, 412],
        [{ 'if-none-match': etag }, 304],
        [{ 'if-none-match': '"other"' }, 200],
        [{ 'if-modified-since': past }, 200],
        [{ 'if-unmodified-since': past }, 412],
        [{ 'if-unmodified-since': future }, 200],
        [{ 'if-match': etag, 'if-unmodified-since': past }, 200],
        ...(capabilities.tagsOutrankDates
          ? ([[{ 'if-none-match': '"other"', 'if-modified-since': future }, 200]] as [Record<string, string>, number][])
          : []),
      ];
      for (const [headers, status] of cases) {
        const got = await call('GET', `/${bucket}/k`, headers);
        expect([headers, got.status]).toEqual([headers, status]);
        expect((await call('HEAD', `/${bucket}/k`, headers)).status).toBe(status);
      }
    });

    it('says the same with HEAD as with GET, without the body', async ({ expect }) => {
      const bucket = await freshBucket();
      await call(
        'PUT',
        `/${bucket}/k`,
        { 'content-type': 'text/csv', 'cache-control': 'no-store', 'x-amz-meta-a': 'b' },
        'x,y',
      );
      const comparable = ({ status, headers }: RawAnswer): unknown => {
        const { date: _date, connection: _connection, 'keep-alive': _keepAlive, ...rest } = headers;
        return {
          status,
          headers: Object.fromEntries(Object.entries(rest).filter(([name]) => !/request-id|id-2/.test(name))),
        };
      };
      const [head, got] = [await call('HEAD', `/${bucket}/k`), await call('GET', `/${bucket}/k`)];
      expect(comparable(head)).toEqual(comparable(got));
      expect(got.headers).toMatchObject({
        'content-type': 'text/csv',
        'cache-control': 'no-store',
        'x-amz-meta-a': 'b',
        'content-length': '3',
      });
      expect(head.body.length).toBe(0);
      expect((await call('HEAD', `/${bucket}/none`)).status).toBe(404);
    });

    it('writes only when nothing is there, if asked so', async ({ expect }) => {
      const bucket = await freshBucket();
      const answers = await Promise.all(
        ['one', 'two', 'three'].map((text) => call('PUT', `/${bucket}/k`, { 'if-none-match': '*' }, text)),
      );
      expect(answers.map((answer) => String(answer.status)).toSorted()).toEqual(['200', '412', '412']);
      const winner = ['one', 'two', 'three'][answers.findIndex((answer) => answer.status === 200)];
      expect((await call('GET', `/${bucket}/k`)).body.toString()).toBe(winner);
    });

    it('keeps keys apart that paths would confuse', async ({ expect }) => {
      const bucket = await freshBucket();
      const plain = ['a/', '%2e%2e', 'nul%00', 'ß\u0301', '\u{1f30a}', 'y'.repeat(200), 'a+b', 'a b', '.b', 'c..'];
      const odd = ['a/../b', '../../etc/passwd', 'a//b', './a', 'x'.repeat(1024)];
      const keys = capabilities.takesEveryKey ? [...plain, ...odd] : plain;
      for (const key of keys)
        expect((await call('PUT', `/${bucket}/${encodeURIComponent(key)}`, {}, `<${key}>`)).status).toBe(200);
      for (const key of keys) {
        expect((await call('GET', `/${bucket}/${encodeURIComponent(key)}`)).body.toString()).toBe(`<${key}>`);
      }
      const tooLong = await call('PUT', `/${bucket}/${'x'.repeat(1025)}`, {}, 'x');
      expect(refusalOf(tooLong)).toEqual({ status: 400, code: 'KeyTooLongError' });
    });

    it('checks what it was promised about a body', async ({ expect }) => {
      const bucket = await freshBucket();
      const put = (headers: Record<string, string>): Promise<RawAnswer> => call('PUT', `/${bucket}/k`, headers, 'body');
      const md5 = (text: string): string => Buffer.from(md5Hex(text), 'hex').toString('base64');
      expect((await put({ 'content-md5': md5('body') })).status).toBe(200);
      expect(refusalOf(await put({ 'content-md5': md5('other') }))).toEqual({ status: 400, code: 'BadDigest' });
      expect(refusalOf(await put({ 'content-md5': 'short' }))).toEqual({ status: 400, code: 'InvalidDigest' });
      expect((await put({ 'x-amz-checksum-crc32': '2LIy0A==' })).status).toBe(400);
      const wrongHash = {
        method: 'PUT',
        path: `/${bucket}/k2`,
        body: 'body',
        payloadHash: md5Hex('').repeat(2),
        nowMs: systemClock.now(),
      };
      expect(refusalOf(await sendSigned(storage(), wrongHash))).toEqual({
        status: 400,
        code: 'XAmzContentSHA256Mismatch',
      });
      expect(refusalOf(await call('GET', `/${bucket}/k2`))).toEqual({ status: 404, code: 'NoSuchKey' });
    });

    it('bounds the metadata', async ({ expect }) => {
      const bucket = await freshBucket();
      expect((await call('PUT', `/${bucket}/k`, { 'x-amz-meta-a': 'x'.repeat(2000) }, '')).status).toBe(200);
      const tooMuch = await call('PUT', `/${bucket}/k`, { 'x-amz-meta-a': 'x'.repeat(2048) }, '');
      expect(refusalOf(tooMuch)).toEqual({ status: 400, code: 'MetadataTooLarge' });
    });

    it('deletes what is there and what is not alike', async ({ expect }) => {
      const bucket = await freshBucket();
      await call('PUT', `/${bucket}/k`, {}, 'x');
      expect((await call('DELETE', `/${bucket}/k`)).status).toBe(204);
      expect((await call('DELETE', `/${bucket}/k`)).status).toBe(204);
      expect(refusalOf(await call('DELETE', `/${bucket}-none/k`))).toEqual({ status: 404, code: 'NoSuchBucket' });
    });

    it('deletes many, says which unless told to be quiet, and wants the list vouched for', async ({ expect }) => {
      const bucket = await freshBucket();
      const remove = (quiet: boolean, headers?: Record<string, string>): Promise<RawAnswer> => {
        const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>${quiet}</Quiet><Object><Key>a&amp;&#x62;</Key></Object></Delete>`;
        return call(
          'POST',
          `/${bucket}?delete`,
          headers ?? { 'content-md5': Buffer.from(md5Hex(body), 'hex').toString('base64') },
          body,
        );
      };
      await call('PUT', `/${bucket}/a%26b`, {}, 'x');
      const loud = await remove(false);
      expect([loud.status, xmlOf(loud)]).toEqual([200, { DeleteResult: { Deleted: { Key: 'a&b' } } }]);
      expect((await call('HEAD', `/${bucket}/a%26b`)).status).toBe(404);
      expect(xmlOf(await remove(true))).toEqual({ DeleteResult: '' });
      expect((await remove(true, {})).status).toBe(400);
    });

    for (const [what, body] of [
      ['half an element', '<Delete><Object>'],
      ['a wrong root', '<Remove/>'],
      ['no keys', '<Delete></Delete>'],
      ['an entity of its own', '<!DOCTYPE d [<!ENTITY e "x">]><Delete><Object><Key>&e;</Key></Object></Delete>'],
    ] as const) {
      it(`refuses a document with ${what}`, async ({ expect }) => {
        const bucket = await freshBucket();
        const answer = await call(
          'POST',
          `/${bucket}?delete`,
          { 'content-md5': Buffer.from(md5Hex(body), 'hex').toString('base64') },
          body,
        );
        expect(refusalOf(answer)).toEqual({ status: 400, code: 'MalformedXML' });
      });
    }
  });
}
