import type { ApiCore, RequestContext } from '../api-core.ts';
import type { NodeAccess } from '../api-access.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { RbacAuthorizer } from '../auth/rbac.ts';
import type { ServiceAccountTokens } from '../auth/service-account-tokens.ts';
import { isKubeStatus, methodNotAllowed, unrecognized } from '../kube-status.ts';
import type { ServedResource } from '../resource-table.ts';
import { bindPod } from '../subresources/binding.ts';
import { evictPod } from '../subresources/eviction.ts';
import { servePodLog } from '../subresources/pod-log.ts';
import { requestToken } from '../subresources/token-request.ts';
import { reviewAnswer } from '../subresources/reviews.ts';
import { updateObject } from '../verbs/update.ts';
import { mediaTypeOf, parseBody, readBody } from './body.ts';
import { negotiate } from './negotiate.ts';
import { contextFrom } from './request-options.ts';
import type { Exchange } from './exchange.ts';
import { encoded, write } from './respond.ts';

export interface SubresourceParts {
  readonly core: ApiCore;
  readonly nodeAccess: NodeAccess | undefined;
  readonly authenticator: Authenticator;
  readonly authorizer: RbacAuthorizer;
  readonly tokens: ServiceAccountTokens;
}

/** Subresources other than `status`, and the kinds that are questions instead of objects. */
export class SubresourceRoutes {
  readonly #parts: SubresourceParts;

  constructor(parts: SubresourceParts) {
    this.#parts = parts;
  }

  async handle(exchange: Exchange, served: ServedResource): Promise<void> {
    const { info, request } = exchange;
    const { core, nodeAccess, tokens } = this.#parts;
    const target = { served, namespace: info.namespace, name: info.name, subresource: info.subresource };
    const route = `${served.key}/${info.subresource} ${request.method}`;
    if (route === '/pods/log GET') return servePodLog(core, nodeAccess, exchange);
    const context = contextFrom(exchange.user, info.query, 'CreateOptions');
    const accepted = negotiate(request.headers.accept);
    const subresource = served.subresources.find(({ name }) => name === info.subresource);
    const body = (): Promise<unknown> => this.#body(exchange, subresource?.kind ?? served.kind);
    const answer = (code: number, value: unknown): void =>
      write(exchange.response, encoded(code, JSON.stringify(value), accepted.encoding), context.warnings);
    switch (route) {
      case '/pods/binding POST':
        return answer(201, bindPod(core, context, target, await body()));
      case '/pods/eviction POST':
        return answer(201, evictPod(core, context, target, await body()));
      case '/serviceaccounts/token POST':
        return answer(
          201,
          await this.#warned(context, async () => requestToken(core, context, tokens, target, await body())),
        );
      case '/namespaces/finalize PUT':
        return answer(200, updateObject(core, context, target, await body()));
      default:
        throw methodNotAllowed(served);
    }
  }

  /** What was to be warned of is said with a refusal too. */
  async #warned<T>({ warnings }: RequestContext, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isKubeStatus(error)) error.warnings = warnings;
      throw error;
    }
  }

  /** SubjectAccessReview and its like: a POST that is answered and not stored. */
  async review(exchange: Exchange, served: ServedResource): Promise<void> {
    const context = contextFrom(exchange.user, exchange.info.query, 'CreateOptions');
    const accepted = negotiate(exchange.request.headers.accept);
    const body = await this.#body(exchange, served.kind);
    const answer = await this.#warned(context, async () =>
      reviewAnswer(this.#parts, context, served, exchange.info.namespace, body),
    );
    write(exchange.response, encoded(201, JSON.stringify(answer), accepted.encoding), context.warnings);
  }

  async #body({ request }: Exchange, kind: string): Promise<unknown> {
    const body = parseBody(await readBody(request), mediaTypeOf(request), kind);
    if (body === undefined)
      throw unrecognized(kind, "couldn't get version/kind; json parse error: unexpected end of JSON input", '');
    return body;
  }
}
