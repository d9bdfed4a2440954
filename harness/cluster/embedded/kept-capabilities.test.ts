import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClusterCapabilities } from '../cluster.ts';
import { CAPABILITY_NAMES } from '../cluster.ts';
import { keepCapabilities, keptCapabilities } from './kept-capabilities.ts';

const measured = Object.fromEntries(
  CAPABILITY_NAMES.map((name) => [name, { enforcement: 'enforced', evidence: 'a test' }]),
) as unknown as ClusterCapabilities;
const keyOf = (n: number): string => n.toString(16).padStart(16, '0');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'kept-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what was measured is believed, unless it is broken', () => {
  expect(keptCapabilities(folder, keyOf(1))).toBeUndefined();
  keepCapabilities(folder, keyOf(1), measured, 'draft');
  expect(keptCapabilities(folder, keyOf(1))).toEqual(measured);
  for (const broken of ['', 'null', '{"network":{"enforcement":"enforced"}}']) {
    writeFileSync(path.join(folder, `capabilities-${keyOf(1)}.json`), broken);
    expect(keptCapabilities(folder, keyOf(1))).toBeUndefined();
  }
});

test('of many boots and containers the latest twenty are kept, and nothing else is touched', () => {
  writeFileSync(path.join(folder, 'a.kubeconfig'), '');
  for (let n = 0; n < 25; n++) {
    keepCapabilities(folder, keyOf(n), measured, 'draft');
    utimesSync(path.join(folder, `capabilities-${keyOf(n)}.json`), n, n);
  }
  keepCapabilities(folder, keyOf(99), measured, 'draft');
  expect(readdirSync(folder)).toHaveLength(21);
  expect([4, 5, 6, 24, 99].map((n) => keptCapabilities(folder, keyOf(n)) !== undefined)).toEqual([
    false,
    false,
    true,
    true,
    true,
  ]);
});
