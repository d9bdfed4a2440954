import { describe, it } from 'vitest';
import { parseCopyRange, parseRange } from './byte-range.ts';

describe('parseRange', () => {
  it('takes each form, and the whole for what is no range', ({ expect }) => {
    const cases: [string | undefined, number, [number, number] | undefined][] = [
      [undefined, 10, undefined],
      ['bytes=0-0', 10, [0, 1]],
      ['bytes=2-', 10, [2, 10]],
      ['bytes=-3', 10, [7, 10]],
      ['bytes=0-99', 10, [0, 10]],
      ['bytes=5-2', 10, undefined],
      ['bytes=', 10, undefined],
      ['bytes=-', 10, undefined],
      ['lines=1-2', 10, undefined],
      ['bytes=a-b', 10, undefined],
    ];
    for (const [header, size, range] of cases) {
      const parsed = parseRange(header, size);
      expect([header, parsed && [parsed.start, parsed.end]]).toEqual([header, range]);
    }
  });

  it('refuses ranges beyond the end, empty suffixes and several at once', ({ expect }) => {
    for (const header of ['bytes=10-', 'bytes=10-12', 'bytes=-0']) {
      expect(() => parseRange(header, 10)).toThrow(expect.objectContaining({ code: 'InvalidRange' }));
    }
    expect(() => parseRange('bytes=0-1,3-4', 10)).toThrow(expect.objectContaining({ code: 'NotImplemented' }));
  });

  it('wants both ends of a copy range inside the source', ({ expect }) => {
    expect(parseCopyRange('bytes=0-9', 10)).toEqual({ start: 0, end: 10 });
    for (const header of ['bytes=0-10', 'bytes=5-', 'bytes=-5', 'bytes=5-4', '0-9']) {
      expect(() => parseCopyRange(header, 10)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
    }
  });
});
