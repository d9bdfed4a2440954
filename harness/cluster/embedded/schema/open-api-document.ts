import type { GeneratedFiles } from './generated-files.ts';

const REF_PREFIX = '#/components/schemas/';

/** Composes the OpenAPI v3 document of a group version from its paths and the schemas that those refer to. */
export function composeOpenApi(
  files: GeneratedFiles,
  path: string,
  title: string,
  version: string,
): string | undefined {
  const paths = files.paths()[path];
  if (!paths) return undefined;
  const definitions = files.definitions();
  const schemas: Record<string, unknown> = {};
  const queue = referencesIn(paths);
  for (const name of queue) {
    if (name in schemas || definitions[name] === undefined) continue;
    schemas[name] = definitions[name];
    queue.push(...referencesIn(definitions[name]));
  }
  return JSON.stringify({ openapi: '3.0.0', info: { title, version }, paths, components: { schemas } });
}

function referencesIn(value: unknown): string[] {
  const found: string[] = [];
  JSON.stringify(value, (key, child: unknown) => {
    if (key === '$ref' && typeof child === 'string') found.push(child.slice(REF_PREFIX.length));
    return child;
  });
  return found;
}
