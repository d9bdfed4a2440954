import { stripTypeScriptTypes } from 'node:module';

/** Specifiers of our own files: `from './a.ts'`, `import('./a.ts')`, `import './a.ts'`. */
const SPECIFIER = /(\bfrom\s*|\bimport\s*\(?\s*)'(\.{1,2}\/[^']+)\.ts'/g;

/** Lines and columns stay where they were, so that a stack trace fits the source in the repository. */
export function plainJavaScript(typescript: string): string {
  return stripTypeScriptTypes(typescript).replaceAll(SPECIFIER, "$1'$2.js'");
}
