import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../../core/errors.ts';
import type { ProcessOwner } from '../../core/process/process-owner.ts';
import { stateOf, thisProcess } from '../../core/process/process-owner.ts';
import { writePrivateFile } from '../testbed/endpoints.ts';
import type { S3Keys } from './existing/s3-account.ts';
import type { ExistingTraces } from './existing/traces.ts';
import type { ContainerOwner } from './minio/container-engine.ts';

/** What a storage makes outside this process. Written down before it is made, so that it is found after a crash. */
export type Leftover =
  | ({ readonly kind: 'minio' } & ContainerOwner)
  | { readonly kind: 'existing'; readonly instance: string; readonly traces: ExistingTraces };

interface JournalEntry {
  readonly owner: ProcessOwner;
  readonly leftover: Leftover;
}

export interface StorageJournal {
  /** Everything was undone: the entry goes. */
  close(): void;
}

const SUFFIX = '.storage.json';

export function journalLeftover(stateRoot: string, leftover: Leftover): StorageJournal {
  const folder = path.join(stateRoot, 'storage');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // What an earlier one of this name has left may be here still.
  const token = leftover.kind === 'minio' && leftover.token ? `-${leftover.token.slice(0, 8)}` : '';
  const file = path.join(folder, `${leftover.instance}${token}${SUFFIX}`);
  writePrivateFile(file, JSON.stringify({ owner: thisProcess(), leftover } satisfies JournalEntry));
  return { close: () => rmSync(file, { force: true }) };
}

export interface SweptStorage {
  readonly containers: number;
  readonly buckets: number;
  readonly objects: number;
  /** What could not be removed now, with the reason; it is tried again next time. */
  readonly kept: readonly string[];
}

/** Removes what storages of dead processes left. Costs a look into one folder where there is nothing. */
export async function sweepLeftovers(stateRoot: string, keys?: S3Keys): Promise<SweptStorage> {
  const total = { containers: 0, buckets: 0, objects: 0, kept: [] as string[] };
  const folder = path.join(stateRoot, 'storage');
  if (!existsSync(folder)) return total;
  for (const name of readdirSync(folder).filter((each) => each.endsWith(SUFFIX))) {
    const file = path.join(folder, name);
    const entry = readEntry(file);
    if (!entry || stateOf(entry.owner) !== 'dead') continue;
    try {
      await remove(entry.leftover, keys, total);
      rmSync(file, { force: true });
    } catch (error) {
      total.kept.push(`${entry.leftover.kind} storage of ${entry.leftover.instance}: ${messageOf(error)}`);
    }
  }
  return total;
}

async function remove(
  leftover: Leftover,
  keys: S3Keys | undefined,
  total: { containers: number; buckets: number; objects: number },
): Promise<void> {
  if (leftover.kind === 'minio') {
    const { connectEngine, removeContainers } = await import('./minio/container-engine.ts');
    total.containers += await removeContainers(await connectEngine(), leftover);
    return;
  }
  const { removeTraces } = await import('./existing/traces.ts');
  const removed = await removeTraces(leftover.traces, keys);
  total.buckets += removed.buckets;
  total.objects += removed.objects;
}

/** Entries are written whole: one that cannot be read is none of ours. */
function readEntry(file: string): JournalEntry | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JournalEntry;
  } catch {
    return undefined;
  }
}
