import type { OpenApiDocument, OpenApiOperation } from '../../core/openapi.ts';

/** The document as a page for people, without a script: each operation with its parameters and answers. */
export function documentPage({ info, paths }: OpenApiDocument): string {
  const sections = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => section(method.toUpperCase(), path, operation)),
  );
  const title = text(`${info.title} ${info.version}`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>${text(info.description)}</p><p><a href="/openapi.json">openapi.json</a></p>${sections.join('')}</html>`;
}

function section(method: string, path: string, { summary, parameters, responses }: OpenApiOperation): string {
  const fields = parameters.map(({ name, in: place, required }) =>
    row([String(name), String(place), required === true ? 'required' : '']),
  );
  const answers = Object.entries(responses).map(([status, { description }]) => row([status, description]));
  return `<h2>${text(`${method} ${path}`)}</h2><p>${text(summary)}</p><table>${fields.join('')}</table><table>${answers.join('')}</table>`;
}

function row(cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<td>${text(cell)}</td>`).join('')}</tr>`;
}

function text(raw: string): string {
  return raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
