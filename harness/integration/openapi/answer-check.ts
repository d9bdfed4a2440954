import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ObservedAnswer } from '../../../core/observed-answer.ts';
import type { JsonSchema, OpenApiDocument } from '../../../core/openapi.ts';

export interface AnswerCheck {
  /** Compares an answer with the document; what is not in it is remembered. */
  readonly observe: (answer: ObservedAnswer) => void;
  /** The first hundred answers that the document does not know. */
  readonly violations: readonly string[];
  /** How many answers were compared, by "METHOD route status". */
  readonly seen: ReadonlyMap<string, number>;
  /** What `violations` holds, which is empty afterwards. */
  take(): readonly string[];
  /** @throws Error naming what the document does not know */
  verify(): void;
}

const MOST_REMEMBERED = 100;

/** Compiled once for all labs of a process. */
const ajv = new Ajv2020({ strict: false, allErrors: false });
const compiled = new WeakMap<JsonSchema, ValidateFunction>();

/** What every service answers where it has no route; `codes` are those of its own dialect. */
export interface OutsideRoutes {
  readonly codes: readonly string[];
}

/** Holds every answer against an OpenAPI document: status, media type and, for JSON and text, the whole body. */
export function createAnswerCheck(document: OpenApiDocument, outside: OutsideRoutes): AnswerCheck {
  const violations: string[] = [];
  const seen = new Map<string, number>();

  const problemOf = (answer: ObservedAnswer): string | undefined => {
    const { method, route, status, contentType, body } = answer;
    if (method === 'OPTIONS' && status === 204) return undefined;
    if (route === undefined) return outsideProblem(answer, outside);
    // HEAD answers as GET does; HTTP leaves the body out.
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    const operation = document.paths[route]?.[verb];
    if (!operation) return 'the document has no such operation';
    const response = operation.responses[String(status)];
    if (!response) return `status ${status} is not documented`;
    if (!response.content) return undefined;
    if ('*/*' in response.content) return undefined;
    const media = response.content[contentType ?? ''];
    if (!media) return `media type ${contentType} is not documented`;
    if (!media.schema) return undefined;
    if (body === undefined) return 'a body that is documented word by word comes as a stream';
    const value = valueOf(contentType, body);
    const validate = compiled.get(media.schema) ?? ajv.compile(media.schema);
    compiled.set(media.schema, validate);
    return validate(value) ? undefined : ajv.errorsText(validate.errors);
  };

  return {
    violations,
    seen,
    observe(answer) {
      const name = `${answer.method} ${answer.route ?? '(no route)'} ${answer.status}`;
      seen.set(name, (seen.get(name) ?? 0) + 1);
      const problem = problemOf(answer);
      if (problem === undefined || violations.length >= MOST_REMEMBERED) return;
      violations.push(`${name}: ${problem}: ${String(answer.body ?? '').slice(0, 300)}`);
    },
    take: () => violations.splice(0),
    verify() {
      if (violations.length > 0)
        throw new Error(`Answers that the OpenAPI document does not know:\n${violations.join('\n')}`);
    },
  };
}

function valueOf(contentType: string | undefined, body: string | Buffer): unknown {
  const text = body.toString();
  return contentType === 'application/json' ? (JSON.parse(text) as unknown) : text;
}

function outsideProblem({ status, body }: ObservedAnswer, { codes }: OutsideRoutes): string | undefined {
  const { code } = JSON.parse(String(body ?? '{}')) as { code?: unknown };
  if (status < 400 || status >= 500 || typeof code !== 'string' || !codes.includes(code))
    return 'is answered where there is no route';
  return undefined;
}
