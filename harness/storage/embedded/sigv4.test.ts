import { describe, it } from 'vitest';
import {
  canonicalRequest,
  ChunkSigner,
  EMPTY_SHA256,
  parseAmzDate,
  sha256Hex,
  sign,
  signingKey,
  stringToSign,
} from './sigv4.ts';

/** The worked examples of Amazon's S3 API reference, "Authenticating Requests (AWS Signature Version 4)". */
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const SCOPE = { date: '20130524', region: 'us-east-1', service: 's3' };
const DATE = '20130524T000000Z';
const HOST = ['host', 'examplebucket.s3.amazonaws.com'] as const;
const KEY = signingKey(SECRET, SCOPE);

const signatureOf = (parts: Parameters<typeof canonicalRequest>[0]): string =>
  sign(KEY, stringToSign(DATE, SCOPE, canonicalRequest(parts)));

describe('signature version 4', () => {
  it('signs a GET with a range as in the reference', ({ expect }) => {
    const headers = [
      HOST,
      ['range', 'bytes=0-9'],
      ['x-amz-content-sha256', EMPTY_SHA256],
      ['x-amz-date', DATE],
    ] as const;
    expect(signatureOf({ method: 'GET', path: '/test.txt', query: [], headers, payloadHash: EMPTY_SHA256 })).toBe(
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });

  it('signs a PUT with a key to be encoded', ({ expect }) => {
    const payloadHash = sha256Hex('Welcome to Amazon S3.');
    const headers = [
      ['date', 'Fri, 24 May 2013 00:00:00 GMT'],
      HOST,
      ['x-amz-content-sha256', payloadHash],
      ['x-amz-date', DATE],
      ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
    ] as const;
    expect(signatureOf({ method: 'PUT', path: '/test$file.text', query: [], headers, payloadHash })).toBe(
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    );
  });

  it('signs a sub-resource and a listing', ({ expect }) => {
    const headers = [HOST, ['x-amz-content-sha256', EMPTY_SHA256], ['x-amz-date', DATE]] as const;
    const rest = { method: 'GET', path: '/', headers, payloadHash: EMPTY_SHA256 };
    expect(signatureOf({ ...rest, query: [['lifecycle', '']] })).toBe(
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    );
    expect(
      signatureOf({
        ...rest,
        query: [
          ['prefix', 'J'],
          ['max-keys', '2'],
        ],
      }),
    ).toBe('34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7');
  });

  it('takes spaces and tabs off the ends of a header, and no byte of its text', ({ expect }) => {
    const parts = (value: string): Parameters<typeof canonicalRequest>[0] => ({
      method: 'PUT',
      path: '/k',
      query: [],
      headers: [HOST, ['x-amz-meta-lab', value]],
      payloadHash: EMPTY_SHA256,
    });
    const bytes = Buffer.from('voilà').toString('latin1');
    expect(bytes.endsWith('\u00a0')).toBe(true);
    expect(canonicalRequest(parts(bytes))).toContain(`x-amz-meta-lab:${bytes}\n`);
    expect(canonicalRequest(parts(` \t${bytes}\t `))).toBe(canonicalRequest(parts(bytes)));
  });

  it('signs a presigned URL', ({ expect }) => {
    const query = [
      ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
      ['X-Amz-Credential', 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request'],
      ['X-Amz-Date', DATE],
      ['X-Amz-Expires', '86400'],
      ['X-Amz-SignedHeaders', 'host'],
    ] as const;
    expect(
      signatureOf({ method: 'GET', path: '/test.txt', query, headers: [HOST], payloadHash: 'UNSIGNED-PAYLOAD' }),
    ).toBe('aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404');
  });

  it('signs a body in chunks', ({ expect }) => {
    const payloadHash = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
    const headers = [
      ['content-encoding', 'aws-chunked'],
      ['content-length', '66824'],
      ['host', 's3.amazonaws.com'],
      ['x-amz-content-sha256', payloadHash],
      ['x-amz-date', DATE],
      ['x-amz-decoded-content-length', '66560'],
      ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
    ] as const;
    const seed = signatureOf({
      method: 'PUT',
      path: '/examplebucket/chunkObject.txt',
      query: [],
      headers,
      payloadHash,
    });
    expect(seed).toBe('4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9');
    const signer = new ChunkSigner({ key: KEY, amzDate: DATE, scope: SCOPE, seedSignature: seed });
    expect([65_536, 1024, 0].map((size) => signer.chunk(sha256Hex('a'.repeat(size))))).toEqual([
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ]);
  });

  it('signs a body in chunks with a trailer', ({ expect }) => {
    const payloadHash = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
    const headers = [
      ['content-encoding', 'aws-chunked'],
      ['host', 's3.amazonaws.com'],
      ['x-amz-content-sha256', payloadHash],
      ['x-amz-date', DATE],
      ['x-amz-decoded-content-length', '66560'],
      ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
      ['x-amz-trailer', 'x-amz-checksum-crc32c'],
    ] as const;
    const seed = signatureOf({
      method: 'PUT',
      path: '/examplebucket/chunkObject.txt',
      query: [],
      headers,
      payloadHash,
    });
    expect(seed).toBe('106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e');
    const signer = new ChunkSigner({ key: KEY, amzDate: DATE, scope: SCOPE, seedSignature: seed });
    expect([65_536, 1024, 0].map((size) => signer.chunk(sha256Hex('a'.repeat(size))))).toEqual([
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    ]);
    expect(signer.trailer('x-amz-checksum-crc32c:sOO8/Q==\n')).toBe(
      'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
    );
  });

  it('reads dates strictly', ({ expect }) => {
    expect(parseAmzDate(DATE)).toBe(Date.UTC(2013, 4, 24));
    expect(['20130524', '2013-05-24T00:00:00Z', '20131324T000000Z', '20130524T000000'].map(parseAmzDate)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
