import { parse } from 'yaml';

/** One `run:` of a workflow's job. */
export interface WorkflowStep {
  readonly run?: string;
  readonly uses?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

/** What docs/ci.md tells others to copy. */
export interface CiPage {
  /** The GitHub workflow, as it stands there. */
  readonly workflow: string;
  readonly steps: readonly WorkflowStep[];
  /** The Vitest file, as it stands there. */
  readonly test: string;
}

/** @throws Error when the page does not hold exactly one of each */
export function readCiPage(markdown: string): CiPage {
  const workflow = onlyBlock(markdown, 'yaml');
  const { jobs } = parse(workflow) as { jobs: Record<string, { steps: WorkflowStep[] }> };
  return { workflow, steps: Object.values(jobs).flatMap(({ steps }) => steps), test: onlyBlock(markdown, 'ts') };
}

function onlyBlock(markdown: string, language: string): string {
  const blocks = [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))];
  const [only, ...others] = blocks.map(([, text = '']) => text);
  if (only === undefined || others.length > 0)
    throw new Error(`docs/ci.md has ${blocks.length} blocks of ${language}.`);
  return only;
}
