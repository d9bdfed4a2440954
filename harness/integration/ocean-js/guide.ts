import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { compileFunction } from 'node:vm';

const LIBRARY = createRequire(import.meta.url).resolve('@oceanprotocol/lib');

export interface GuideChanges {
  /** Texts of the guide, each with what stands in its place. A text that is not there is a mistake. */
  readonly replace: readonly (readonly [string, string])[];
  /** What the library gives, changed. */
  readonly provide?: object;
  /** The expression that the guide ends with. */
  readonly result: string;
}

/** The program that a guide of the library shows to people in pieces, as one function. */
export function guideProgram(name: string, { replace, provide, result }: GuideChanges): () => Promise<unknown> {
  const text = readFileSync(path.join(path.dirname(LIBRARY), '..', name), 'utf8');
  const steps = [...text.matchAll(/^```Typescript\n([\s\S]*?)^```$/gm)].map(([, step = '']) => step);
  let program = inScopes([...steps, `return ${result}`]);
  program = program.replaceAll(/^import\s+(\{[^}]*\}|\w+)\s+from\s+'([^']+)'/gm, "const $1 = load('$2')");
  for (const [old, changed] of replace) {
    if (!program.includes(old)) throw new Error(`${name} does not say: ${old}`);
    program = program.replace(old, () => changed);
  }
  const load = createRequire(LIBRARY);
  const given = (module: string): object =>
    module === '@oceanprotocol/lib' ? { ...(load(LIBRARY) as object), ...provide } : (load(module) as object);
  const quiet = { log: () => undefined };
  const parameters = ['load', 'console', 'assert'];
  const typed = `guide = async () => {\n${program}\n}`;
  const run = compileFunction(`let guide; ${stripTypeScriptTypes(typed)}; return guide()`, parameters) as (
    ...given: unknown[]
  ) => Promise<unknown>;
  return () => run(given, quiet, assert);
}

/** Steps of the guides are bodies of several functions: where one declares a name again, another function has begun. */
function inScopes(steps: readonly string[]): string {
  let declared = new Set<string>();
  let isOpen = false;
  const parts: string[] = [];
  for (const step of steps) {
    const names = [...step.matchAll(/^ {4}(?:const|let) (\w+)/gm)].map(([, name = '']) => name);
    if (names.some((name) => declared.has(name))) {
      parts.push(isOpen ? '} {' : '{');
      isOpen = true;
      declared = new Set();
    }
    for (const name of names) declared.add(name);
    parts.push(step);
  }
  return [...parts, isOpen ? '}' : ''].join('\n');
}
