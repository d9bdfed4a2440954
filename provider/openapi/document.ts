import type { OpenApiDocument } from '../../core/openapi.ts';
import { openApiDocument } from '../../core/openapi.ts';
import { PROVIDER_ROUTES } from './routes.ts';

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
