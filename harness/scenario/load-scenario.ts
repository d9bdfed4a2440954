import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import { WavetankError, messageOf } from '../../core/errors.ts';
import type { Scenario } from './define-scenario.ts';
import { nearest } from './nearest.ts';

const SCENARIOS_FOLDER = fileURLToPath(new URL('../../scenarios', import.meta.url));
const SCENARIO_FILE = 'scenario.ts';

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
    .filter((name) => existsSync(path.join(folder, name, SCENARIO_FILE)))
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
  const inside = existsSync(file) && statSync(file).isDirectory() ? path.join(file, SCENARIO_FILE) : file;
  if (existsSync(inside)) return inside;
  throw new WavetankError('SCENARIO_UNKNOWN', `There is no file ${inside}.`, { category: 'usage' });
}

function fileByName(name: string, folder: string): string {
  const names = scenarioNames(folder);
  if (names.includes(name)) return path.join(folder, name, SCENARIO_FILE);
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
    throw new WavetankError('SCENARIO_INVALID', `${file} cannot be loaded: ${messageOf(error)}`, {
      category: 'usage',
      cause: error,
      hint: 'Only erasable TypeScript runs as it is: no enums, no namespaces, imports with their file extension.',
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
