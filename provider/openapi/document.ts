import type { FastifyInstance } from 'fastify';
import type { OpenApiDocument } from '../../core/openapi.ts';
import { openApiDocument } from '../../core/openapi.ts';
import { documentPage } from './page.ts';
import { PROVIDER_ROUTES } from './routes.ts';

/** Where the document lies; the second is where classic clients look. */
export const DOCUMENT_PATHS = ['/openapi.json', '/spec'] as const;

export function providerDocument(): OpenApiDocument {
  return openApiDocument(
    {
      title: 'Ocean Provider',
      version: '2.1.6',
      description:
        'Guards a data owner\'s assets. A request\'s fields are read from the query string if there is one, else from the JSON body. Whatever is no route answers 404 `NOT_FOUND`, a route asked with another verb 405 `METHOD_NOT_ALLOWED`, each as `{"error", "code", "field", "rule", "explain"}`.',
    },
    PROVIDER_ROUTES,
  );
}

/** Made with the first question: nobody else pays for it. */
export function registerDocument(app: FastifyInstance): void {
  let text: string | undefined;
  for (const path of DOCUMENT_PATHS) {
    app.get(path, async (_request, reply) =>
      reply.type('application/json; charset=utf-8').send((text ??= JSON.stringify(providerDocument()))),
    );
  }
  let page: string | undefined;
  app.get('/api/docs', async (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'")
      .send((page ??= documentPage(providerDocument()))),
  );
}
