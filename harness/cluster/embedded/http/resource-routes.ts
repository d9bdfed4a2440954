import type { ApiCore, RequestContext } from '../api-core.ts';
import type { KubeObject } from '../kube-object.ts';
import { badRequest, methodNotAllowed, notFound, unknownResource } from '../kube-status.ts';
import type { ServedResource } from '../resource-table.ts';
import { hasSubresource } from '../resource-table.ts';
import type { TableOptions } from '../table/table.ts';
import { createObject } from '../verbs/create.ts';
import { deleteObject } from '../verbs/delete.ts';
import type { DeleteOutcome } from '../verbs/delete.ts';
import { listObjects, matcherFrom } from '../verbs/list.ts';
import { JSON_PATCH, patchObject } from '../verbs/patch.ts';
import type { UpdateTarget } from '../verbs/update.ts';
import { updateObject } from '../verbs/update.ts';
import { mediaTypeOf, parseBody, parseJson, readBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import type { Accepted } from './negotiate.ts';
import { negotiate } from './negotiate.ts';
import { contextFrom, deleteOptionsFrom } from './request-options.ts';
import type { RequestInfo } from './request-info.ts';
import { encoded, PAGE_NOT_FOUND, write } from './respond.ts';
import { shapeList, shapeObject } from './shapes.ts';
import type { SubresourceRoutes } from './subresource-routes.ts';
import { serveWatch } from './watch-stream.ts';

/** Kinds whose deletion answers the object even when it is gone at once, instead of a Status. */
const ANSWERS_DELETED_OBJECT = new Set(['/pods', '/serviceaccounts', '/persistentvolumes', '/persistentvolumeclaims']);

/** Everything below /api/{version} and /apis/{group}/{version}. */
export class ResourceRoutes {
  readonly #core: ApiCore;
  readonly #subresources: SubresourceRoutes;

  constructor(core: ApiCore, subresources: SubresourceRoutes) {
    this.#core = core;
    this.#subresources = subresources;
  }

  async handle(exchange: Exchange): Promise<void> {
    const { info, response } = exchange;
    const served = this.#core.resources.find(info.group, info.version, info.resource);
    if (served === undefined) {
      if (!this.#core.resources.hasGroupVersion(info.group, info.version)) return write(response, PAGE_NOT_FOUND);
      throw unknownResource();
    }
    if (info.subresource !== '' && !hasSubresource(served, info.subresource)) throw unknownResource();
    if (served.namespaced && info.namespace === undefined && (info.name !== '' || info.verb === 'create')) {
      if (served.verbs.includes('list') || info.name !== '')
        throw info.name === '' ? methodNotAllowed(served) : unknownResource();
    }
    if (!served.namespaced && info.namespace !== undefined) throw unknownResource();
    if (info.subresource !== '' && info.subresource !== 'status') return this.#subresources.handle(exchange, served);
    return this.#handleObject(exchange, served);
  }

  #handleObject(exchange: Exchange, served: ServedResource): Promise<void> | void {
    const { info, request } = exchange;
    const isOnName = info.name !== '';
    switch (request.method) {
      case 'GET':
      case 'HEAD':
        return isOnName && info.verb !== 'watch' ? this.#get(exchange, served) : this.#listOrWatch(exchange, served);
      case 'POST':
        if (isOnName || info.subresource !== '') throw methodNotAllowed(served);
        return served.verbs.includes('list')
          ? this.#create(exchange, served)
          : this.#subresources.review(exchange, served);
      case 'PUT':
        if (!isOnName) throw methodNotAllowed(served);
        return this.#update(exchange, served);
      case 'PATCH':
        if (!isOnName) throw methodNotAllowed(served);
        return this.#patch(exchange, served);
      case 'DELETE':
        if (info.subresource !== '') throw methodNotAllowed(served);
        return isOnName ? this.#delete(exchange, served) : this.#deleteCollection(exchange, served);
      default:
        throw methodNotAllowed(served);
    }
  }

  #get(exchange: Exchange, served: ServedResource): void {
    if (!served.verbs.includes('get')) throw methodNotAllowed(served);
    const { info } = exchange;
    const accepted = negotiate(exchange.request.headers.accept);
    const object = this.#core.store.get(served.key, info.namespace, info.name);
    if (object === undefined) throw notFound(served, info.name);
    this.#answer(exchange, served, 200, object, accepted);
  }

  #listOrWatch(exchange: Exchange, served: ServedResource): void {
    const { info } = exchange;
    if (!served.verbs.includes('list')) throw methodNotAllowed(served);
    const accepted = negotiate(exchange.request.headers.accept);
    if (info.verb === 'watch') return serveWatch(this.#core, exchange, served, accepted);
    const list = listObjects(this.#core, served, info.namespace, info.query);
    const json = shapeList(served, list, accepted.as, tableOptions(this.#core, info));
    write(exchange.response, encoded(200, json, accepted.encoding));
  }

  async #create(exchange: Exchange, served: ServedResource): Promise<void> {
    const { info, request, user } = exchange;
    const accepted = negotiate(request.headers.accept);
    const context = contextFrom(user, info.query, 'CreateOptions');
    const body = parseBody(await readBody(request), mediaTypeOf(request), served.kind);
    if (body === undefined)
      throw badRequest(
        `the object provided is unrecognized (must be of type ${served.kind}): couldn't get version/kind; json parse error: unexpected end of JSON input`,
      );
    const object = createObject(this.#core, context, served, info.namespace, body);
    this.#answer(exchange, served, 201, object, accepted, context);
  }

  async #update(exchange: Exchange, served: ServedResource): Promise<void> {
    const { info, request, user } = exchange;
    const accepted = negotiate(request.headers.accept);
    const context = contextFrom(user, info.query, 'UpdateOptions');
    const body = parseBody(await readBody(request), mediaTypeOf(request), served.kind);
    const object = updateObject(this.#core, context, targetOf(info, served), body);
    this.#answer(exchange, served, 200, object, accepted, context);
  }

  async #patch(exchange: Exchange, served: ServedResource): Promise<void> {
    const { info, request, user } = exchange;
    const accepted = negotiate(request.headers.accept);
    const context = contextFrom(user, info.query, 'PatchOptions');
    const text = (await readBody(request)).toString('utf8');
    const mediaType = mediaTypeOf(request) || JSON_PATCH;
    const patch = mediaType.endsWith('+json') ? parseJson(text, served.kind) : undefined;
    const object = patchObject(this.#core, context, targetOf(info, served), mediaType, patch);
    this.#answer(exchange, served, 200, object, accepted, context);
  }

  async #delete(exchange: Exchange, served: ServedResource): Promise<void> {
    const { info, request, user } = exchange;
    const accepted = negotiate(request.headers.accept);
    const options = deleteOptionsFrom(
      parseBody(await readBody(request), mediaTypeOf(request), 'DeleteOptions'),
      info.query,
    );
    const context: RequestContext = { user, isDryRun: options.isDryRun, fieldValidation: 'Warn', warnings: [] };
    const outcome = deleteObject(this.#core, context, served, info.namespace, info.name, options);
    if (!outcome.isGone || ANSWERS_DELETED_OBJECT.has(served.key))
      return this.#answer(exchange, served, 200, outcome.object, accepted);
    write(exchange.response, encoded(200, JSON.stringify(deletedStatus(served, outcome)), accepted.encoding));
  }

  async #deleteCollection(exchange: Exchange, served: ServedResource): Promise<void> {
    const { info, request, user } = exchange;
    if (!served.verbs.includes('deletecollection')) throw methodNotAllowed(served);
    if (served.namespaced && info.namespace === undefined) throw methodNotAllowed(served);
    const accepted = negotiate(request.headers.accept);
    const options = deleteOptionsFrom(
      parseBody(await readBody(request), mediaTypeOf(request), 'DeleteOptions'),
      info.query,
    );
    const context: RequestContext = { user, isDryRun: options.isDryRun, fieldValidation: 'Warn', warnings: [] };
    const matches = matcherFrom(served, info.query);
    const found = this.#core.store.list(served.key, info.namespace).filter(matches);
    const items = found.map(
      (object) =>
        deleteObject(this.#core, context, served, object.metadata.namespace, object.metadata.name ?? '', options)
          .object,
    );
    const list = { items, metadata: { resourceVersion: String(this.#core.store.version) } };
    write(
      exchange.response,
      encoded(200, shapeList(served, list, undefined, tableOptions(this.#core, info)), accepted.encoding),
    );
  }

  #answer(
    exchange: Exchange,
    served: ServedResource,
    code: number,
    object: KubeObject,
    accepted: Accepted,
    context?: RequestContext,
  ): void {
    const json = shapeObject(served, object, accepted.as, tableOptions(this.#core, exchange.info));
    write(exchange.response, encoded(code, json, accepted.encoding), context?.warnings);
  }
}

export function tableOptions({ clock, schema }: ApiCore, { query }: RequestInfo): TableOptions {
  return { clock, schema, includeObject: query.get('includeObject') ?? 'Metadata' };
}

function targetOf(info: RequestInfo, served: ServedResource): UpdateTarget {
  return { served, namespace: info.namespace, name: info.name, subresource: info.subresource };
}

function deletedStatus(served: ServedResource, { object }: DeleteOutcome): unknown {
  const details = {
    name: object.metadata.name,
    ...(served.group === '' ? {} : { group: served.group }),
    kind: served.resource,
    uid: object.metadata.uid,
  };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}
