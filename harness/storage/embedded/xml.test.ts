import fc from 'fast-check';
import { describe, it } from 'vitest';
import { parseXml, renderXml } from './xml.ts';

describe('xml', () => {
  it('writes text that it reads back as it was', async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), async (text) => {
        const root = await parseXml(renderXml('R', { T: text }), 'R');
        expect(root.single('T').text).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  it('refuses declarations, unknown entities, other roots and repeated elements', async ({ expect }) => {
    const malformed = expect.objectContaining({ code: 'MalformedXML' }) as unknown;
    for (const text of ['', 'x', '<R>', '<R></S>', '<S/>', '<!DOCTYPE R><R/>', '<R><![CDATA[x]]></R>', '<R/><R/>']) {
      await expect(parseXml(text, 'R'), text).rejects.toEqual(malformed);
    }
    const root = await parseXml('<R><A>&nbsp;</A><B>&#xD800;</B><C/><C/></R>', 'R');
    for (const read of [
      () => root.single('A').text,
      () => root.single('B').text,
      () => root.single('C'),
      () => root.single('D'),
      () => root.allow('A'),
    ]) {
      expect(read).toThrow(malformed as Error);
    }
  });
});
