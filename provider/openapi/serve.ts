import type { FastifyInstance } from 'fastify';

/** Where the document lies; the second is where classic clients look. */
const DOCUMENT_PATHS = ['/openapi.json', '/spec'] as const;

/** Loaded and made with the first question: nobody else pays for it. */
export function registerDocument(app: FastifyInstance): void {
  let document: Promise<string> | undefined;
  let page: Promise<string> | undefined;
  for (const path of DOCUMENT_PATHS) {
    app.get(path, async (_request, reply) =>
      reply.type('application/json; charset=utf-8').send(await (document ??= documentText())),
    );
  }
  app.get('/api/docs', async (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'")
      .send(await (page ??= pageText())),
  );
}

async function documentText(): Promise<string> {
  const { providerDocument } = await import('./document.ts');
  return JSON.stringify(providerDocument());
}

async function pageText(): Promise<string> {
  const [{ providerDocument }, { documentPage }] = await Promise.all([import('./document.ts'), import('./page.ts')]);
  return documentPage(providerDocument());
}
