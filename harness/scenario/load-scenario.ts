import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import { WavetankError, messageOf } from '../../core/errors.ts';
import type { Scenario } from './define-scenario.ts';
import { nearest } from './nearest.ts';

const SCENARIOS_FOLDER = fileURLToPath(new URL('../../scenarios', import.meta.url));
/** In a folder of one's own it is TypeScript. */
const SCENARIO_FILES = ['scenario.ts', 'scenario.js'] as const;

const scenarioSchema = z.object({
  name: z.string().min(1),
  title: z.string().min(1),
  summary: z.string().min(1),
  timeoutSeconds: z.number().positive().optional(),
  run: z.custom<Scenario['run']>((value) => typeof value === 'function', 'must be a function'),
});

/** Names of the scenarios that come along. */
export function scenarioNames(folder: string = SCENARIOS_FOLDER): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => scenarioFileIn(path.join(folder, name)) !== undefined)
    .toSorted();
}

/**
 * A scenario by its name, or by the path of its file when it looks like one.
 * @throws WavetankError SCENARIO_UNKNOWN, SCENARIO_INVALID (usage)
 */
export async function loadScenario(nameOrPath: string): Promise<Scenario> {
  return loadScenarioFrom(SCENARIOS_FOLDER, nameOrPath);
}

/** The same, with names looked up in another folder. */
export async function loadScenarioFrom(folder: string, nameOrPath: string): Promise<Scenario> {
  return importScenario(fileOf(nameOrPath, folder));
}

function fileOf(nameOrPath: string, folder: string): string {
  if (!/[\\/]|\.[cm]?[jt]s$/.test(nameOrPath)) return fileByName(nameOrPath, folder);
  const file = path.resolve(nameOrPath);
  const inside = existsSync(file) && statSync(file).isDirectory() ? scenarioFileIn(file) : file;
  if (inside !== undefined && existsSync(inside)) return inside;
  throw new WavetankError('SCENARIO_UNKNOWN', `There is no file ${inside ?? path.join(file, SCENARIO_FILES[0])}.`, {
    category: 'usage',
  });
}

function scenarioFileIn(folder: string): string | undefined {
  return SCENARIO_FILES.map((name) => path.join(folder, name)).find((file) => existsSync(file));
}

function fileByName(name: string, folder: string): string {
  const names = scenarioNames(folder);
  const file = names.includes(name) ? scenarioFileIn(path.join(folder, name)) : undefined;
  if (file !== undefined) return file;
  const close = nearest(name, names);
  const suggestion = close === undefined ? `There are: ${names.join(', ') || 'none'}.` : `Did you mean ${close}?`;
  throw new WavetankError('SCENARIO_UNKNOWN', `There is no scenario "${name}". ${suggestion}`, {
    category: 'usage',
    hint: 'A path to a file works too: ./my-bug.ts. `--list` shows all names.',
  });
}

async function importScenario(file: string): Promise<Scenario> {
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(file).href)) as typeof loaded;
  } catch (error) {
    throw new WavetankError('SCENARIO_INVALID', `${file} cannot be loaded: ${messageOf(error)}${placeOf(error)}`, {
      category: 'usage',
      cause: error,
      ...(isAboutSource(error) ? { hint: SOURCE_HINT } : {}),
    });
  }
  const checked = scenarioSchema.safeParse(loaded.default);
  if (checked.success) return loaded.default as Scenario;
  const problems = checked.error.issues.map((issue) => `${issue.path.join('.') || 'default export'}: ${issue.message}`);
  throw new WavetankError('SCENARIO_INVALID', `${file} is no scenario: ${problems.join('; ')}.`, {
    category: 'usage',
    details: { problems },
    hint: 'Its default export must be defineScenario({ name, title, summary, run }).',
  });
}

const SOURCE_HINT =
  'Only erasable TypeScript runs as it is: no enums, no namespaces, imports with their file extension.';

function isAboutSource(error: unknown): boolean {
  return error instanceof SyntaxError || (error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND';
}

/** Where in a file, of whatever was thrown while it was loaded: Node says it in the stack alone. */
function placeOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const place = /(?:^|file:\/\/|\()(\/[^\n:()]+:\d+)/m.exec(stack)?.[1];
  return place === undefined ? '' : ` (${decodeURI(place)})`;
}
