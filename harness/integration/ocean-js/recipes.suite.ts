import { execa } from 'execa';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { environmentOf } from '../../testbed/endpoints.ts';
import { publish } from './assets.ts';
import type { Draft } from './documents.ts';
import { accessDraft, computeDraft, filesOf } from './documents.ts';
import type { OceanJsLab } from './lab.ts';

const FOLDER = path.join(import.meta.dirname, '../../../docs/recipes');
const PAGES = readdirSync(FOLDER).filter((name) => name !== 'README.md');
const TOOLS = ['bash', 'curl', 'jq', 'od'];
const missing = (
  await Promise.all(
    TOOLS.map(async (tool) => ((await execa(tool, ['--version'], { reject: false })).failed ? [tool] : [])),
  )
).flat();

interface Step {
  readonly script: string;
  /** What the page says that it prints; `…` stands for anything. */
  readonly prints: string;
}

/** Every `sh` block of a page with the `text` block that follows it. */
function stepsOf(page: string): Step[] {
  const text = readFileSync(path.join(FOLDER, page), 'utf8');
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```\n(?:```text\n([\s\S]*?)^```$)?/gm)].map(
    ([, script = '', prints = '']) => ({ script, prints }),
  );
}

/** The whole page in one shell, as a reader would paste it; a line that nobody prints parts the steps. */
async function run(steps: readonly Step[], environment: Record<string, string>): Promise<string[]> {
  const border = '-- next step --';
  const script = steps.map((step) => `${step.script}\necho '${border}'\n`).join('');
  const { stdout, stderr, exitCode } = await execa('bash', ['-euo', 'pipefail', '-c', script], {
    env: environment,
    reject: false,
    timeout: 20_000,
  });
  const parts = `${stdout}\n`.split(`${border}\n`);
  if (exitCode !== 0) throw new Error(`step ${parts.length} ended with ${exitCode}: ${stderr}\n${stdout}`);
  return parts.slice(0, -1);
}

function asPattern(prints: string): RegExp {
  const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${prints.split('…').map(literal).join('.*')}$`);
}

/** Registers the tests; once per file. */
export function describeRecipes(given: () => OceanJsLab): void {
  let environment: Record<string, string>;
  beforeAll(async () => {
    if (missing.length > 0) return;
    const lab = given();
    const { url } = lab.testbed.servers.euLab.publish('data.txt', 'hello world\n');
    const named = (draft: Draft, name: string): Draft => ({
      ...draft,
      metadata: { ...draft.metadata, name },
      stats: { price: { value: '0' } },
    });
    await publish(lab, filesOf(url), named(accessDraft(), 'download'));
    await publish(lab, filesOf(url), named(computeDraft(), 'compute'));
    environment = {
      ...environmentOf(lab.testbed.endpoints),
      FILE_URL: url,
      CONTAINER: JSON.stringify(lab.testbed.images.node),
    };
  });

  test.for(PAGES)('%s does what it says', async (page, { skip }) => {
    skip(missing.length > 0, `${missing.join(', ')} cannot be run here`);
    const steps = stepsOf(page);
    expect(steps.length).toBeGreaterThan(3);
    const printed = await run(steps, environment);
    for (const [i, { prints }] of steps.entries()) expect(printed[i]).toMatch(asPattern(prints));
  });
}
