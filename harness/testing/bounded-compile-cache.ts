import { globSync, rmSync } from 'node:fs';

/** About 150 MB. */
const MOST_FILES = 20_000;

/**
 * Once per test run: Vitest gives each test file a new name in every run, so Node's compile cache grows by one entry for each.
 * A full one is begun anew.
 */
export default function boundedCompileCache(): void {
  const folder = process.env['NODE_COMPILE_CACHE'];
  if (folder !== undefined) emptyWhenFull(folder, MOST_FILES);
}

/** Node keeps its entries in a folder of its own for each version. */
export function emptyWhenFull(folder: string, mostFiles: number): void {
  if (globSync('*/*', { cwd: folder }).length <= mostFiles) return;
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
