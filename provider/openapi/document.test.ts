import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { systemSeams } from '../../core/seams.ts';
import { buildProviderApp } from '../app.ts';
import { createChains } from '../chain/chains.ts';
import { CODES } from '../codes.ts';
import { resolveConfig } from '../config.ts';
import { createContext } from '../context.ts';
import { SERVICE_ENDPOINTS } from '../routes/root.ts';
import { openStateDatabase } from '../stores/database.ts';
import { FACTORY, FEE_TOKEN, PROVIDER_KEY } from '../testing/assets.ts';
import { providerDocument } from './document.ts';

const NOWHERE = 'http://127.0.0.1:1';
const document = providerDocument();
const operations = Object.entries(document.paths).flatMap(([url, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ url, method: method.toUpperCase(), operation })),
);

function appOf() {
  const seams = systemSeams();
  const config = resolveConfig({
    seams,
    chains: [
      {
        chainId: 8996,
        rpcUrl: NOWHERE,
        addressBook: { ERC721Factory: FACTORY, Ocean: FEE_TOKEN },
        privateKey: PROVIDER_KEY,
      },
    ],
    metadataCacheUrl: NOWHERE,
    operatorServiceUrl: NOWHERE,
    stateFile: ':memory:',
  });
  const chains = createChains(config, seams);
  const database = openStateDatabase(':memory:');
  return buildProviderApp(createContext({ seams, config, chains, database, inputUrl: () => NOWHERE }));
}

test('every route is documented, and nothing else is', async () => {
  const app = appOf();
  await app.ready();
  for (const { method, url } of operations) expect([method, url, app.hasRoute({ method, url })]).toContain(true);
  // HEAD comes with some GETs and answers as they do, without the body.
  const verbs = app.printRoutes().match(/\b(GET|POST|PUT|DELETE|PATCH|OPTIONS)\b/g) ?? [];
  expect(verbs).toHaveLength(operations.length);
  await app.close();
});

test('what the root document leads to is documented', () => {
  for (const [method, url] of Object.values(SERVICE_ENDPOINTS))
    expect(document.paths[url]?.[method.toLowerCase()]).toBeDefined();
});

test('every code is documented somewhere, at its status', () => {
  const text = (status: number): string =>
    JSON.stringify(operations.map(({ operation }) => operation.responses[String(status)]?.content ?? {}));
  const missing = Object.entries(CODES).filter(
    ([code, { status }]) => !text(status).includes(`"${code}"`) && !document.info.description.includes(`\`${code}\``),
  );
  expect(missing.map(([code]) => code)).toEqual([]);
});

test('its schemas are JSON Schema, and operations have names of their own', () => {
  const ajv = new Ajv2020({ strict: false });
  for (const { operation } of operations) {
    for (const { content } of Object.values(operation.responses))
      for (const { schema } of Object.values(content ?? {})) if (schema) ajv.compile(schema);
    for (const { schema } of operation.parameters as { schema: object }[]) ajv.compile(schema);
  }
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

test('a field that is converted may come as its text, an address has its pattern', () => {
  const parameters = document.paths['/api/services/download']?.['get']?.parameters as unknown as {
    name: string;
    required: boolean;
    schema: Record<string, unknown>;
  }[];
  const parameter = (name: string) => parameters.find((each) => each.name === name);
  expect(parameter('fileIndex')).toMatchObject({
    required: true,
    schema: { anyOf: [{ type: 'integer' }, { type: 'string' }] },
  });
  expect(parameter('consumerAddress')?.schema['pattern']).toBe('^0x[0-9a-fA-F]{40}$');
  expect(parameter('userdata')?.required).toBe(false);
});

test('it is served where clients look for it', async () => {
  const app = appOf();
  for (const url of ['/openapi.json', '/spec']) {
    const { statusCode, headers, body } = await app.inject({ method: 'GET', url });
    expect([statusCode, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(JSON.parse(body)).toEqual(JSON.parse(JSON.stringify(document)));
  }
  await app.close();
});

test('it is a page for people, too, on which nothing can run', async () => {
  const app = appOf();
  const { statusCode, headers, body } = await app.inject({ method: 'GET', url: '/api/docs' });
  expect([statusCode, headers['content-type'], headers['content-security-policy']]).toEqual([
    200,
    'text/html; charset=utf-8',
    "default-src 'none'",
  ]);
  for (const { method, url } of operations) expect(body).toContain(`<h2>${method} ${url}</h2>`);
  expect(body).toContain('consumerAddress + jobId + index + nonce');
  expect(body).toContain('compute status &lt;consumerAddress&gt;');
  await app.close();
});
