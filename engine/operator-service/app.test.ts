import { expect, test } from 'vitest';
import type { OperatorServiceAppOptions } from './app.ts';
import { buildOperatorService } from './app.ts';
import { operatorServiceDocument } from './openapi.ts';

test.each(['pgsqlinit', 'info', 'list', 'logs'])(
  'A9: there is no administrator to know the password of: POST %s is no route',
  async (route) => {
    const app = buildOperatorService({} as OperatorServiceAppOptions);
    const headers = { admin: 'myAdminPass' };
    const answer = await app.inject({ method: 'POST', url: `/api/v1/operator/${route}`, headers, payload: '{}' });
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([404, 'NO_ROUTE']);
    await app.close();
  },
);

test('every route is documented, and nothing else is', async () => {
  const app = buildOperatorService({} as OperatorServiceAppOptions);
  await app.ready();
  const operations = Object.entries(operatorServiceDocument().paths).flatMap(([url, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), url })),
  );
  for (const each of operations) expect([each, app.hasRoute(each)]).toContain(true);
  expect(app.printRoutes().match(/\b(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS)\b/g)).toHaveLength(operations.length);
  await app.close();
});
