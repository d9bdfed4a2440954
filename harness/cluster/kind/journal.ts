import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { PROCESS_OWNER, stateOf } from '../../../core/process/process-owner.ts';

const recordSchema = z.strictObject({
  /** The cluster's name for kind, and the name of its Docker network. */
  cluster: z.string().regex(/^wavetank-[a-z0-9-]+$/),
  /**
   * On its network, which is the first thing to be made and the last to go: a network of this name without it is somebody else's, and so is
   * all of that name. Absent in records of older versions, which know their things by name alone.
   */
  token: z.string().optional(),
  kubeconfigPath: z.string(),
  nodeImage: z.string().optional(),
  /** Images that we made in the Docker engine. */
  images: z.array(z.string()),
  /** Whose it is. Of a kept cluster: who uses it now. */
  owner: PROCESS_OWNER.optional(),
  /** A program that is creating it at this moment, the leader of a process group; it may outlive its owner. */
  child: PROCESS_OWNER.optional(),
  /** Stays when its user ends, for the next one. */
  isKept: z.boolean(),
  /** Everything is up: a kept cluster without this is a start that was cut off. */
  isComplete: z.boolean(),
});

/** What a run makes in the Docker engine, written down before it is made: a crash leaves nothing that nobody knows of. */
export type KindRecord = z.infer<typeof recordSchema>;

const SUFFIX = '.cluster.json';

/** Complete or not at all, for its owner's eyes only. */
export function writeRecord(stateDir: string, record: KindRecord): void {
  mkdirSync(stateDir, { recursive: true });
  const file = fileOf(stateDir, record.cluster);
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}

export function readRecord(stateDir: string, cluster: string): KindRecord | undefined {
  const file = fileOf(stateDir, cluster);
  if (!existsSync(file)) return undefined;
  const parsed = recordSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  return parsed.success ? parsed.data : undefined;
}

export function readRecords(stateDir: string): KindRecord[] {
  if (!existsSync(stateDir)) return [];
  return readdirSync(stateDir)
    .filter((name) => name.endsWith(SUFFIX))
    .flatMap((name) => readRecord(stateDir, name.slice(0, -SUFFIX.length)) ?? []);
}

/** With everything that lies beside it under the cluster's name: kubeconfig, configuration, images on their way, what was measured. */
export function removeRecord(stateDir: string, { cluster }: KindRecord): void {
  const ours = existsSync(stateDir) ? readdirSync(stateDir).filter((name) => name.startsWith(`${cluster}.`)) : [];
  for (const name of ours.filter((one) => !one.endsWith(SUFFIX))) rmSync(path.join(stateDir, name), { force: true });
  // The last to go: while it is there, whatever else is left can be found.
  rmSync(fileOf(stateDir, cluster), { force: true });
}

export function isInUse({ owner }: KindRecord): boolean {
  return owner !== undefined && stateOf(owner) !== 'dead';
}

function fileOf(stateDir: string, cluster: string): string {
  return path.join(stateDir, `${cluster}${SUFFIX}`);
}
