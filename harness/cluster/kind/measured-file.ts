import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ClusterCapabilities } from '../cluster.ts';

/** What was measured in this very cluster; it is asked for by its uid, since names are used again. */
export function readMeasured(stateDir: string, cluster: string, uid: string): ClusterCapabilities | undefined {
  const file = measuredFile(stateDir, cluster);
  if (!existsSync(file)) return undefined;
  const kept = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly uid: string;
    readonly capabilities: ClusterCapabilities;
  };
  return kept.uid === uid ? kept.capabilities : undefined;
}

export function writeMeasured(stateDir: string, cluster: string, uid: string, capabilities: ClusterCapabilities): void {
  writeFileSync(measuredFile(stateDir, cluster), JSON.stringify({ uid, capabilities }));
}

function measuredFile(stateDir: string, cluster: string): string {
  return path.join(stateDir, `${cluster}.measured.json`);
}
