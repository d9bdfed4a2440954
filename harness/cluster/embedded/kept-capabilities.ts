import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterCapabilities } from '../cluster.ts';
import { CAPABILITY_NAMES } from '../cluster.ts';

/** Of other boots, containers and versions: nobody asks for most of them again. */
const MOST_KEPT = 20;
const NAME = /^capabilities-[0-9a-f]{16}\.json$/;

/** Undefined where there is none, or what is there is broken or from a version that knew fewer. */
export function keptCapabilities(directory: string, key: string): ClusterCapabilities | undefined {
  try {
    const kept = JSON.parse(readFileSync(fileOf(directory, key), 'utf8')) as Partial<ClusterCapabilities>;
    const isWhole = CAPABILITY_NAMES.every((name) => kept[name]?.enforcement !== undefined);
    return isWhole ? (kept as ClusterCapabilities) : undefined;
  } catch {
    return undefined;
  }
}

/** `draft` names the file until it is whole: two testbeds may start at once. */
export function keepCapabilities(directory: string, key: string, measured: ClusterCapabilities, draft: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = fileOf(directory, key);
  writeFileSync(`${file}.${draft}`, JSON.stringify(measured));
  renameSync(`${file}.${draft}`, file);
  const kept = readdirSync(directory).filter((name) => NAME.test(name));
  const oldestLast = kept.map((name) => join(directory, name)).toSorted((a, b) => changedAt(b) - changedAt(a));
  for (const old of oldestLast.slice(MOST_KEPT)) rmSync(old, { force: true });
}

function fileOf(directory: string, key: string): string {
  return join(directory, `capabilities-${key}.json`);
}

function changedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
