import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededEntropy } from '../core/entropy.ts';
import { isWavetankError } from '../core/errors.ts';
import { generateRecordings } from '../fixtures/datasets/generate.ts';
import { createLeakDetector } from './leak-detector.ts';

const canary = { name: 'row', text: '8.15,-15.39,21.11,20.75,12.62,µ?>~' };
const detector = createLeakDetector([canary, { name: 'other', text: 'sub-0123456789ab' }]);
const secret = Buffer.from(canary.text);
const random = (seed: string, length: number): Buffer => Buffer.from(seededEntropy(seed).bytes(length));

const wrapped = (text: string): string => text.replaceAll(/.{76}/g, '$&\n');
const full = (bytes: Buffer): string => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/** What an algorithm could make of bytes, and how the finding names it. */
const ENCODERS: Readonly<
  Record<string, { encode: (bytes: Buffer) => Buffer | string; finding: RegExp; onlyWhole?: boolean }>
> = {
  clear: { encode: (b) => b, finding: /^clear$/ },
  base64: { encode: (b) => b.toString('base64'), finding: /^base64( > clear)?$/ },
  'base64 for URLs': { encode: (b) => b.toString('base64url'), finding: /^base64( > clear)?$/ },
  'wrapped base64': { encode: (b) => wrapped(b.toString('base64')), finding: /^base64( > clear)?$/ },
  hex: { encode: (b) => b.toString('hex'), finding: /^hex( > clear)?$/ },
  'upper-case hex': { encode: (b) => b.toString('hex').toUpperCase(), finding: /^hex( > clear)?$/ },
  'percent, where needed': { encode: (b) => encodeURIComponent(b.toString('latin1')), finding: /percent/ },
  'percent, every byte': { encode: full, finding: /^percent > clear$/ },
  'UTF-16': { encode: (b) => Buffer.from(b.toString('utf8'), 'utf16le'), finding: /^utf-16le$/ },
  gzip: { encode: (b) => gzipSync(b), finding: /^gzip > clear$/ },
  zlib: { encode: (b) => deflateSync(b), finding: /^zlib > clear$/ },
  zstd: { encode: (b) => zstdCompressSync(b), finding: /^zstd > clear$/ },
  brotli: { encode: (b) => brotliCompressSync(b), finding: /^brotli > clear$/, onlyWhole: true },
  'raw deflate': { encode: (b) => deflateRawSync(b), finding: /^deflate > clear$/, onlyWhole: true },
  'gzip in base64': { encode: (b) => gzipSync(b).toString('base64'), finding: /^base64 > gzip > clear$/ },
  'brotli in hex': { encode: (b) => brotliCompressSync(b).toString('hex'), finding: /^hex > brotli > clear$/ },
  'hex in gzip in gzip': { encode: (b) => gzipSync(gzipSync(b.toString('hex'))), finding: /^gzip > gzip > hex/ },
};

describe('the leak detector', () => {
  it('finds a canary in the same packed bytes each time, before and after bytes that were clean', async () => {
    const seeker = createLeakDetector([canary]);
    const clean = gzipSync('nothing of the kind, and long enough to be looked into').toString('hex');
    const leaking = gzipSync(`${canary.text} and more of it, for a run that is long enough`).toString('hex');
    const found = [];
    for (const item of [leaking, clean, `${clean} ${leaking}`, leaking])
      found.push((await seeker.scan(item, 'output')).map(({ encoding }) => encoding));
    expect(found).toEqual([['hex > gzip > clear'], [], ['hex > gzip > clear'], ['hex > gzip > clear']]);
  });

  it.for(Object.entries(ENCODERS))(
    'finds a canary as %s at any offset',
    async ([name, { encode, finding, onlyWhole }]) => {
      // UTF-16 and percent-encoded text of arbitrary bytes is no text; these get printable surroundings.
      const filler =
        name === 'UTF-16' || name.startsWith('percent')
          ? fc.string({ maxLength: 90 }).map((s) => Buffer.from(s))
          : fc.uint8Array({ maxLength: 90 }).map((b) => Buffer.from(b));
      const text = name === 'percent, where needed' ? Buffer.from('8.15,-15.39,21.11,20.75') : secret;
      const seeker =
        name === 'percent, where needed' ? createLeakDetector([{ name: 'row', text: text.toString() }]) : detector;
      await fc.assert(
        fc.asyncProperty(filler, filler, fc.nat(300), async (before, after, outerLength) => {
          const encoded = Buffer.from(
            encode(Buffer.concat([before, text, Buffer.from(' padding, so that the run is long enough '), after])),
          );
          const surroundings = onlyWhole ? Buffer.alloc(0) : Buffer.from('~'.repeat(outerLength));
          const findings = await seeker.scan(
            Buffer.concat([surroundings, encoded, Buffer.from(onlyWhole ? '' : '~')]),
            'output',
          );
          expect(
            findings.filter((f) => f.canary === 'row' && f.where === 'output' && finding.test(f.encoding)),
          ).not.toEqual([]);
        }),
        { numRuns: 40 },
      );
    },
  );

  it('finds it in runs too short to decode, at any alignment, and in lines shorter than itself', async () => {
    for (const length of [0, 1, 2, 3]) {
      const part = Buffer.concat([random(`part ${length}`, length), secret]);
      expect(await detector.scan(part.toString('base64'), 'w')).toMatchObject([{ encoding: 'base64' }]);
      expect(await detector.scan(part.toString('hex'), 'w')).toContainEqual(expect.objectContaining({ canary: 'row' }));
    }
    const long = Buffer.concat([random('long', 100), secret, random('tail', 100)]);
    for (const encoding of ['base64', 'hex'] as const) {
      const narrow = long.toString(encoding).replaceAll(/.{20}/g, '$&\r\n');
      expect(await detector.scan(narrow, 'w')).toMatchObject([{ encoding: `${encoding} > clear` }]);
    }
  });

  it('finds the same wherever a stream is cut', async () => {
    const item = Buffer.concat([
      random('head', 700),
      gzipSync(secret),
      random('between', 300),
      Buffer.from(gzipSync(secret).toString('base64')),
      Buffer.from(` ${canary.text}`),
    ]);
    const whole = await detector.scan(item, 'w');
    expect(whole.map((f) => f.encoding).sort()).toEqual(['base64 > gzip > clear', 'clear', 'gzip > clear']);
    const sorted = (list: readonly { encoding: string }[]): unknown => list.map((f) => f.encoding).sort();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(item.length), { maxLength: 12 }), async (cuts) => {
        const ends = [0, ...cuts.toSorted((a, b) => a - b), item.length];
        async function* stream(): AsyncGenerator<Uint8Array> {
          for (const [i, end] of ends.slice(1).entries()) yield item.subarray(ends[i], end);
        }
        expect(sorted(await detector.scan(stream(), 'w'))).toEqual(sorted(whole));
      }),
      { numRuns: 40 },
    );
    async function* bytes(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < item.length; i++) yield item.subarray(i, i + 1);
    }
    expect(sorted(await detector.scan(bytes(), 'w'))).toEqual(sorted(whole));
  });

  it('finds nothing in random data, whatever its form', async () => {
    const clean = createLeakDetector(generateRecordings({ seed: 1 }).canaries);
    const noise = random('noise', 300_000);
    const hashes = JSON.stringify(Array.from({ length: 500 }, (_, i) => random(`hash ${i}`, 32).toString('hex')));
    for (const item of [
      hashes,
      noise,
      noise.toString('base64'),
      noise.toString('hex'),
      gzipSync(noise),
      brotliCompressSync(noise),
      '',
      Buffer.alloc(100_000),
    ]) {
      expect(await clean.scan(item, 'noise')).toEqual([]);
    }
  });

  it('tells which of many canaries leaked, and finds each in its own data', async () => {
    const { canaries, trainTs, participantsTsv } = generateRecordings({ seed: 2 });
    const many = createLeakDetector(canaries);
    const participants = await many.scan(participantsTsv, 'p');
    expect(participants.map((f) => f.canary).sort()).toEqual(
      canaries
        .filter((c) => c.name.startsWith('participant'))
        .map((c) => c.name)
        .sort(),
    );
    const rows = new Set((await many.scan(gzipSync(trainTs), 't')).map((f) => f.canary));
    expect(canaries.filter((c) => c.name.startsWith('training') && !rows.has(c.name))).toEqual([]);
  });

  it('is not put off by a false checksum, a cut end, or rubbish behind', async () => {
    const packed = gzipSync(secret);
    const falseChecksum = Buffer.from(packed);
    falseChecksum.fill(0, packed.length - 8);
    for (const item of [falseChecksum, packed.subarray(0, -8), Buffer.concat([packed, random('rubbish', 5000)])]) {
      expect(await detector.scan(item, 'w')).toEqual([{ canary: 'row', encoding: 'gzip > clear', where: 'w' }]);
    }
  });

  it('finds a canary in a zip archive', async () => {
    const packed = deflateRawSync(secret);
    const header = Buffer.alloc(30);
    header.writeUInt32BE(0x504b0304);
    header.writeUInt16LE(8, 8);
    header.writeUInt16LE(8, 26);
    expect(
      await detector.scan(Buffer.concat([random('x', 99), header, Buffer.from('rows.csv'), packed]), 'w'),
    ).toContainEqual({ canary: 'row', encoding: 'zip > clear', where: 'w' });
  });

  it('calls nothing clean that it could not see through', async () => {
    // Hex between the layers: gzip alone would store the inner stream as it is, for anyone to see.
    const hexed = (inner: Buffer): Buffer => gzipSync(gzipSync(inner).toString('hex'));
    const deep = hexed(hexed(hexed(secret)));
    const incomplete = expect.objectContaining({
      code: 'LEAK_SCAN_INCOMPLETE',
      message: expect.stringContaining('more than 4 encodings'),
    });
    await expect(detector.scan(deep, 'w')).rejects.toEqual(incomplete);
    const bomb = gzipSync(Buffer.alloc(3_000_000));
    const careful = createLeakDetector([canary], { maximumUnpackedBytes: 1_000_000 });
    await expect(careful.scan(bomb, 'w')).rejects.toSatisfy((error) => isWavetankError(error, 'LEAK_SCAN_INCOMPLETE'));
  });

  it('keeps the text of canaries out of its findings, and refuses canaries too short to mean anything', async () => {
    expect(JSON.stringify(await detector.scan(secret, 'w'))).not.toContain('8.15');
    expect(() => createLeakDetector([{ name: 'short', text: '1,2' }])).toThrow(
      expect.objectContaining({ code: 'LEAK_CANARY_TOO_SHORT' }),
    );
  });
});
