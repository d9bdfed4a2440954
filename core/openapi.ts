import { z } from 'zod';

/** A JSON Schema of dialect 2020-12, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface DocumentedAnswer {
  readonly description: string;
  /** By media type; none for an answer without a body. `bytes` is a body of which nothing is promised. */
  readonly content?: Readonly<Record<string, z.ZodType | 'bytes'>>;
}

export interface DocumentedHeader {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

export interface DocumentedRoute {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  readonly path: string;
  readonly summary: string;
  /** Fields of the query. */
  readonly query?: z.ZodType | undefined;
  /** By media type. */
  readonly body?: Readonly<Record<string, z.ZodType | 'bytes'>> | undefined;
  readonly headers?: readonly DocumentedHeader[] | undefined;
  /** By status. */
  readonly answers: Readonly<Record<number, DocumentedAnswer>>;
}

export interface OpenApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: OpenApiInfo;
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
}

export interface OpenApiOperation {
  readonly summary: string;
  readonly operationId: string;
  readonly parameters: readonly JsonSchema[];
  readonly requestBody?: JsonSchema;
  readonly responses: Readonly<Record<string, OpenApiResponse>>;
}

export interface OpenApiResponse {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema }>>;
}

/** The document of a service, made of the very schemas that its routes read their input with. */
export function openApiDocument(info: OpenApiInfo, routes: readonly DocumentedRoute[]): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operationOf(route);
  return { openapi: '3.1.0', info, paths };
}

function operationOf(route: DocumentedRoute): OpenApiOperation {
  const { method, path, summary, query, body, headers, answers } = route;
  const responses = Object.entries(answers).map(([status, { description, content }]): [string, OpenApiResponse] => [
    status,
    { description, ...(content ? { content: contentOf(content, 'output') } : {}) },
  ]);
  return {
    summary,
    operationId: `${method}${nameOf(path)}`,
    parameters: [
      ...(query ? queryParameters(query) : []),
      ...(headers ?? []).map((header) => ({ ...header, in: 'header', schema: { type: 'string' } })),
    ],
    ...(body ? { requestBody: { required: true, content: contentOf(body, 'input') } } : {}),
    responses: Object.fromEntries(responses),
  };
}

function nameOf(path: string): string {
  const [last = ''] = /[A-Za-z]+[^/]*$/.exec(path) ?? [];
  const [word = ''] = last.split('.');
  return word === '' ? 'Root' : word.charAt(0).toUpperCase() + word.slice(1);
}

function contentOf(
  content: NonNullable<DocumentedRoute['body']>,
  io: 'input' | 'output',
): Readonly<Record<string, { readonly schema?: JsonSchema }>> {
  return Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [
      type,
      schema === 'bytes' ? {} : { schema: jsonSchemaOf(schema, io) },
    ]),
  );
}

/** In a query everything is text: a field that is an object there is its JSON. */
function queryParameters(fields: z.ZodType): JsonSchema[] {
  const { properties, required } = jsonSchemaOf(fields, 'input') as {
    readonly properties?: Readonly<Record<string, JsonSchema>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required?.includes(name) ?? false,
    schema,
  }));
}

/** @param io what is sent (`input`, before defaults and conversions) or what comes back (`output`) */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { type, coerce } = zodSchema._zod.def as { type: string; coerce?: boolean };
      if (io === 'input' && type === 'number' && coerce === true) numberOrText(jsonSchema);
    },
  });
  return rest;
}

/** What is converted to a number may come as its text. */
function numberOrText(jsonSchema: Record<string, unknown>): void {
  const number = { ...jsonSchema };
  for (const key of Object.keys(number)) delete jsonSchema[key];
  jsonSchema['anyOf'] = [number, { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]+)?$' }];
}
