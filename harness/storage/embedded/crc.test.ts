import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { ChecksumAlgorithm } from './checksums.ts';
import { createDigester } from './checksums.ts';
import { combineCrcs } from './crc-combine.ts';

const digestOf = (algorithm: ChecksumAlgorithm, ...pieces: readonly Uint8Array[]): Buffer => {
  const digester = createDigester(algorithm);
  for (const piece of pieces) digester.update(Buffer.from(piece));
  return digester.digest();
};

describe('checksums', () => {
  it('give the published check values of 123456789', ({ expect }) => {
    const check = Buffer.from('123456789');
    const hex = (algorithm: ChecksumAlgorithm): string => digestOf(algorithm, check).toString('hex');
    expect(hex('crc32')).toBe('cbf43926');
    expect(hex('crc32c')).toBe('e3069283');
    expect(hex('crc64nvme')).toBe('ae8b14860a799888');
  });

  for (const algorithm of ['crc32', 'crc32c', 'crc64nvme'] as const) {
    it(`${algorithm} does not depend on how the bytes are cut, and combines from its pieces`, ({ expect }) => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 6 }), (pieces) => {
          const whole = digestOf(algorithm, Buffer.concat(pieces)).toString('base64');
          const parts = pieces.map((piece) => ({
            value: digestOf(algorithm, piece).toString('base64'),
            size: piece.length,
          }));
          expect([digestOf(algorithm, ...pieces).toString('base64'), combineCrcs(algorithm, parts)]).toEqual([
            whole,
            whole,
          ]);
        }),
        { numRuns: 200 },
      );
    });
  }
});
