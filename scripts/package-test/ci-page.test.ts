import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCiPage } from './ci-page.ts';

const { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } = await githubsParser();

/** It imports JSON as bundlers take it: Node wants to be told that it is JSON. */
async function githubsParser() {
  const hooks = registerHooks({
    load: (url, context, next) =>
      next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
  });
  try {
    return await import('@actions/workflow-parser');
  } finally {
    hooks.deregister();
  }
}

const ROOT = path.join(import.meta.dirname, '../..');
const { workflow, steps } = readCiPage(readFileSync(path.join(ROOT, 'docs/ci.md'), 'utf8'));

/** Of the `action.yml` of these versions, as far as an example could use them. */
const INPUTS: Readonly<Record<string, readonly string[]>> = {
  'actions/checkout@v4': ['repository', 'ref', 'token', 'path', 'fetch-depth', 'submodules', 'lfs'],
  'actions/setup-node@v4': ['node-version', 'node-version-file', 'cache', 'cache-dependency-path', 'registry-url'],
  'actions/upload-artifact@v4': [
    'name',
    'path',
    'if-no-files-found',
    'retention-days',
    'compression-level',
    'overwrite',
  ],
};

/** What GitHub's own parser finds wrong, in its schema and in expressions. */
async function errorsOf(content: string): Promise<string[]> {
  const { context, value } = parseWorkflow({ name: 'ci.yml', content }, new NoOperationTraceWriter());
  if (value) await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map(({ message }) => message);
}

describe('the workflow of docs/ci.md', () => {
  test('is one to the parser of GitHub', async () => {
    expect(await errorsOf(workflow)).toEqual([]);
  });

  test.each([
    ['a misspelt key', workflow.replace('runs-on:', 'run-on:')],
    ['a condition that is no expression', workflow.replace('if: always()', 'if: alwys()')],
    ['a step that does nothing', `${workflow}      - name: nothing\n`],
  ])('would not be with %s', async (_name, broken) => {
    expect(broken).not.toBe(workflow);
    expect(await errorsOf(broken)).not.toEqual([]);
  });

  test('uses known versions of known actions, with inputs that they have', () => {
    const used = steps.flatMap(({ uses, with: inputs = {} }) => (uses === undefined ? [] : [{ uses, inputs }]));
    expect(used.map(({ uses }) => uses).filter((uses) => !(uses in INPUTS))).toEqual([]);
    const unknown = used.flatMap(({ uses, inputs }) =>
      Object.keys(inputs).filter((name) => !INPUTS[uses]?.includes(name)),
    );
    expect(unknown).toEqual([]);
  });
});
