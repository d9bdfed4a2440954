import { existsSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';

/** A Node that a stranger may have; npm runs under it as well. */
export interface StrangersNode {
  readonly version: string;
  readonly path: string;
}

/**
 * The machine's own Node, and the pinned one where that is another version: whoever installs the package brings his own.
 * Without the folders that npm puts first for scripts of this project.
 */
export async function strangersNodes(root: string, machinePath = process.env['PATH'] ?? ''): Promise<StrangersNode[]> {
  const plain = machinePath
    .split(path.delimiter)
    .filter((entry) => !entry.includes(`${path.sep}node_modules${path.sep}`))
    .join(path.delimiter);
  const pinned = [path.join(root, 'node_modules', 'node', 'bin'), plain].join(path.delimiter);
  if (!existsSync(path.join(root, 'node_modules', 'node', 'bin', 'node')))
    throw new Error('The pinned Node is not installed.');
  const nodes = await Promise.all([plain, pinned].map(async (one) => ({ version: await versionOf(one), path: one })));
  return nodes.filter(({ version }, i) => nodes.findIndex((other) => other.version === version) === i);
}

async function versionOf(searched: string): Promise<string> {
  const { stdout } = await execa('node', ['--version'], { env: { PATH: searched } });
  return stdout;
}
