import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { WavetankError } from '../../core/errors.ts';

/**
 * Joins modules of this project's own plain style into one CommonJS program: named imports and exports, `node:` modules
 * and relative paths, no cycles. Anything else is refused rather than guessed.
 * @param sources TypeScript by absolute path; the first is the program, the others what it imports
 * @throws WavetankError POD_SCRIPT_UNBUNDLED
 */
export function bundleScript(sources: ReadonlyMap<string, string>): string {
  const [entry, ...imported] = [...sources.keys()];
  if (entry === undefined) throw unbundled('There is no script.');
  const ids = new Map([...sources.keys()].map((file, index) => [file, index]));
  const body = (file: string): string => {
    const typescript = sources.get(file) ?? '';
    // A program asks by its URL whether it is what was started; in an imported module the same question has another answer.
    return moduleBody(file, file === entry ? typescript.replaceAll('import.meta.url', 'scriptUrl') : typescript, ids);
  };
  return [
    "'use strict';",
    "const scriptUrl = require('node:url').pathToFileURL(__filename).href;",
    'const modules = {};',
    'const loaded = {};',
    'const load = (id) => (loaded[id] ??= modules[id]());',
    ...imported.map((file) => `modules[${ids.get(file)}] = () => {\n${body(file)}};`),
    `void (async () => {\n${body(entry)}})();`,
    '',
  ].join('\n');
}

const IMPORT = /^import\s+(?:(\w+)|\{([^}]*)\})\s+from\s+'([^']+)';$/gm;
const EXPORT = /^export\s+((?:async\s+)?function\*?|class|const)\s+(\w+)/gm;

function moduleBody(file: string, typescript: string, ids: ReadonlyMap<string, number>): string {
  const names: string[] = [];
  const script = stripTypeScriptTypes(typescript)
    .replaceAll(IMPORT, (_text, whole: string | undefined, named: string | undefined, target: string) => {
      const source = sourceOf(file, target, ids);
      return `const ${whole ?? `{${(named ?? '').replaceAll(/\s+as\s+/g, ': ')}}`} = ${source};`;
    })
    .replaceAll(EXPORT, (_text, kind: string, name: string) => {
      names.push(name);
      return `${kind} ${name}`;
    });
  const strange = /^\s*(?:import|export)\b[^\n]*|\bimport\.meta\b/m.exec(script);
  if (strange) throw unbundled(`${path.basename(file)}: ${strange[0].trim()}`);
  return `${script}\nreturn { ${names.join(', ')} };\n`;
}

function sourceOf(file: string, target: string, ids: ReadonlyMap<string, number>): string {
  if (target.startsWith('node:')) return `require('${target}')`;
  const id = ids.get(path.resolve(path.dirname(file), target));
  if (id === undefined) throw unbundled(`${path.basename(file)} imports ${target}`);
  return `load(${id})`;
}

function unbundled(what: string): WavetankError {
  return new WavetankError('POD_SCRIPT_UNBUNDLED', `A pod script cannot be joined into one file: ${what}`);
}
