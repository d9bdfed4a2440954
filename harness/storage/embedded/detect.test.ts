import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { OPERATIONS, UNSUPPORTED_SUBRESOURCES } from './detect.ts';

const fidelity = readFileSync(new URL('../../../docs/fidelity-s3.md', import.meta.url), 'utf8');
const section = (title: string): string => fidelity.split(/^## /m).find((text) => text.startsWith(title)) ?? '';

describe('docs/fidelity-s3.md', () => {
  it('names every operation as supported and every known sub-resource as refused', ({ expect }) => {
    const words = (text: string): string[] => text.match(/[\w-]+/g) ?? [];
    const missing = [
      ...OPERATIONS.map((operation) => operation.name).filter((name) => !words(section('Supported')).includes(name)),
      ...[...UNSUPPORTED_SUBRESOURCES].filter((name) => !words(section('Refused')).includes(name)),
    ];
    expect(missing).toEqual([]);
  });

  it('has nothing to say under "Silently ignored"', ({ expect }) => {
    expect(section('Silently ignored').trim()).toBe('Silently ignored\n\nNothing.');
  });
});

describe('operations', () => {
  it('differ in method, level or selector, so that one request means one of them', ({ expect }) => {
    const signatures = OPERATIONS.map(({ method, level, selector }) =>
      JSON.stringify([method, level, selector?.query, selector?.header]),
    );
    expect(new Set(signatures).size).toBe(OPERATIONS.length);
  });
});
