import { expect, test } from 'vitest';
import { nameWithExtension, typeByName } from './content-type.ts';

test.each([
  ['rows.csv', 'text/csv'],
  ['ROWS.CSV', 'text/csv'],
  ['archive.tar.gz', 'application/gzip'],
  ['rows', undefined],
  ['rows.unknown', undefined],
  ['.csv', 'text/csv'],
])('%s is %s', (filename, type) => {
  expect(typeByName(filename)).toBe(type);
});

test.each([
  ['rows', 'text/csv; charset=utf-8', 'rows.csv'],
  ['rows', 'TEXT/CSV', 'rows.csv'],
  ['rows.dat', 'text/csv', 'rows.dat'],
  ['rows', 'application/octet-stream', 'rows'],
  ['rows', undefined, 'rows'],
])('%s of type %s is called %s', (filename, type, name) => {
  expect(nameWithExtension(filename, type)).toBe(name);
});
