import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { flagInvalid, runCommand } from './command-line.ts';
import { readCiPage } from './package-test/ci-page.ts';
import { strangersNodes } from './package-test/strangers-node.ts';
import { tryInProject } from './package-test/strangers-project.ts';

/**
 * What a stranger does with the package, in a project of his own, under each Node that this machine has: installs it, adds something
 * else, writes a test with types, and copies the workflow of docs/ci.md, whose steps are run as they stand there.
 */
const ROOT = path.join(import.meta.dirname, '..');
const USAGE = `npm run test:package [-- --node PREFIX] [--keep]
  --node PREFIX  only under the Node whose version begins so: 20, 24
  --keep         leaves the projects that it makes
`;
async function tryPackage(prefix: string, keep: boolean): Promise<void> {
  const found = await strangersNodes(ROOT);
  const nodes = found.filter(({ version }) => version.startsWith(`v${prefix}`));
  if (nodes.length === 0)
    throw flagInvalid(`There is ${found.map(({ version }) => version).join(' and ')}, and no Node ${prefix}.`);
  const folder = mkdtempSync(path.join(tmpdir(), 'wavetank-pack-'));
  try {
    await execa('npm', ['pack', '--pack-destination', folder], { cwd: ROOT });
    const name = readdirSync(folder).find((file) => file.endsWith('.tgz'));
    if (name === undefined) throw new Error('npm pack wrote no archive');
    const page = readCiPage(readFileSync(path.join(ROOT, 'docs/ci.md'), 'utf8'));
    // With what Vitest runs on as well: a version of it that came out today is not what is tried here.
    const tools = ['vitest', 'vite', 'typescript', '@types/node'].map((tool) => `${tool}@${installedVersion(tool)}`);
    for (const node of nodes) {
      const began = performance.now();
      await tryInProject({ node, archive: path.join(folder, name), tools, page, keep });
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      process.stdout.write(`The package does what it should under Node ${node.version} (${seconds} s).\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function installedVersion(name: string): string {
  const manifest = path.join(ROOT, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

await runCommand({
  name: 'npm run test:package',
  usage: USAGE,
  options: { node: { type: 'string', default: '' }, keep: { type: 'boolean', default: false } },
  run: ({ node, keep }) => tryPackage(node, keep),
});
