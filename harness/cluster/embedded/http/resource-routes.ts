import type { ApiCore, RequestContext } from '../api-core.ts';
import type { KubeObject } from '../kube-object.ts';
import {
  badRequest,
  isKubeStatus,
  KubeStatusError,
  qualified,
  methodNotAllowed,
  notFound,
  unknownResource,
  unrecognized,
} from '../kube-status.ts';
import type { ServedResource } from '../resource-table.ts';
import { hasSubresource } from '../resource-table.ts';
import type { TableOptions } from '../table/table.ts';
import { createObject } from '../verbs/create.ts';
import { deleteObject } from '../verbs/delete.ts';
import type { DeleteOutcome } from '../verbs/delete.ts';
import { checkListForm, listObjects } from '../verbs/list.ts';
import { JSON_PATCH, patchObject } from '../verbs/patch.ts';
import type { UpdateTarget } from '../verbs/update.ts';
import { updateOrCreate } from '../verbs/update.ts';
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
const ANSWERS_DELETED_OBJECT = new Set([
  '/pods',
  '/serviceaccounts',
  '/persistentvolumes',
  '/persistentvolumeclaims',
  'storage.k8s.io/storageclasses',
]);

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
      // The router knows the groups that are built in, and leaves all others to who serves definitions.
      const isRouted = this.#core.schema.kinds.some(
        (kind) => kind.group === info.group && kind.version === info.version,
      );
      if (!isRouted) return write(response, PAGE_NOT_FOUND);
      throw unknownResource();
    }
    if (info.subresource !== '' && !hasSubresource(served, info.subresource))
      throw served.custom ? notFound(served, info.name) : unknownResource();
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
        // The name of a new custom resource is that in its body, whatever the path says.
        if ((isOnName && served.custom === undefined) || info.subresource !== '') throw methodNotAllowed();
        return served.verbs.includes('list')
          ? this.#create(exchange, served)
          : this.#subresources.review(exchange, served);
      case 'PUT':
        if (!isOnName) throw nameless(served);
        return this.#update(exchange, served);
      case 'PATCH':
        if (!isOnName) throw nameless(served);
        return this.#patch(exchange, served);
      case 'DELETE':
        if (info.subresource !== '') throw methodNotAllowed(served);
        return isOnName ? this.#delete(exchange, served) : this.#deleteCollection(exchange, served);
      default:
        throw served.custom ? notSupportedMethod(served) : methodNotAllowed();
    }
  }

  #get(exchange: Exchange, served: ServedResource): void {
    if (!served.verbs.includes('get')) throw methodNotAllowed(served);
    const { info } = exchange;
    const accepted = acceptedBy(exchange, served);
    const object = this.#core.store.get(served.key, info.namespace, info.name);
    if (object === undefined) throw notFound(served, info.name);
    this.#answer(exchange, served, 200, object, accepted);
  }

  #listOrWatch(exchange: Exchange, served: ServedResource): void {
    const { info } = exchange;
    if (!served.verbs.includes('list')) throw methodNotAllowed(served);
    if (info.verb === 'watch') return serveWatch(this.#core, exchange, served, acceptedBy(exchange, served));
    // The router of built-in kinds looks at media types before anything else.
    if (!served.custom) acceptedBy(exchange, served);
    checkListForm(info.query);
    const accepted = acceptedBy(exchange, served);
    const list = listObjects(this.#core, served, info.namespace, info.query);
    const json = shapeList(served, list, accepted.as, tableOptions(this.#core, info));
    write(exchange.response, encoded(200, json, accepted.encoding));
  }

  async #create(exchange: Exchange, served: ServedResource): Promise<void> {
    const { info, request, user } = exchange;
    const accepted = acceptedBy(exchange, served);
    const context = contextFrom(user, info.query, 'CreateOptions');
    const body = parseBody(await readBody(request), mediaTypeOf(request), served.kind);
    if (body === undefined)
      throw unrecognized(served.kind, "couldn't get version/kind; json parse error: unexpected end of JSON input", '');
    const object = warned(context, () => createObject(this.#core, context, served, info.namespace, body));
    this.#answer(exchange, served, 201, object, accepted, context);
  }

  async #update(exchange: Exchange, served: ServedResource): Promise<void> {
    const { info, request, user } = exchange;
    const accepted = acceptedBy(exchange, served);
    const context = contextFrom(user, info.query, 'UpdateOptions');
    const body = parseBody(await readBody(request), mediaTypeOf(request), served.kind);
    const target = targetOf(info, served);
    const { object, isNew } = warned(context, () => updateOrCreate(this.#core, context, target, body));
    this.#answer(exchange, served, isNew ? 201 : 200, object, accepted, context);
  }

  async #patch(exchange: Exchange, served: ServedResource): Promise<void> {
    const { info, request, user } = exchange;
    const accepted = acceptedBy(exchange, served);
    const context = contextFrom(user, info.query, 'PatchOptions');
    const text = (await readBody(request)).toString('utf8');
    const mediaType = mediaTypeOf(request) || JSON_PATCH;
    const patch = mediaType.endsWith('+json') ? parseJson(text, served.kind) : undefined;
    const object = warned(context, () => patchObject(this.#core, context, targetOf(info, served), mediaType, patch));
    this.#answer(exchange, served, 200, object, accepted, context);
  }

  async #delete(exchange: Exchange, served: ServedResource): Promise<void> {
    const { info, request, user } = exchange;
    const accepted = acceptedBy(exchange, served);
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
    if (!served.verbs.includes('deletecollection')) throw methodNotAllowed();
    if (served.namespaced && info.namespace === undefined) throw methodNotAllowed(served);
    const accepted = acceptedBy(exchange, served);
    const options = deleteOptionsFrom(
      parseBody(await readBody(request), mediaTypeOf(request), 'DeleteOptions'),
      info.query,
    );
    const context: RequestContext = { user, isDryRun: options.isDryRun, fieldValidation: 'Warn', warnings: [] };
    const list = listObjects(this.#core, served, info.namespace, info.query);
    // The answer is the list as it was found.
    for (const { metadata } of list.items)
      deleteObject(this.#core, context, served, metadata.namespace, metadata.name ?? '', options);
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
    const shape = (): string => shapeObject(served, object, accepted.as, tableOptions(this.#core, exchange.info));
    const json = context ? warned(context, shape) : shape();
    write(exchange.response, encoded(code, json, accepted.encoding), context?.warnings);
  }
}

export function tableOptions({ clock, schema }: ApiCore, { query }: RequestInfo): TableOptions {
  return { clock, schema, includeObject: query.get('includeObject') ?? 'Metadata' };
}

function acceptedBy({ request, info }: Exchange, served: ServedResource): Accepted {
  return negotiate(request.headers.accept, {
    isBuiltIn: served.custom === undefined,
    canStream: info.name === '' && request.method === 'GET',
  });
}

/** Of a custom resource the words of who serves definitions. */
function notSupportedMethod(served: ServedResource): Error {
  const { group, resource } = served;
  return new KubeStatusError(
    405,
    'MethodNotAllowed',
    ` is not supported on resources of kind ${JSON.stringify(qualified(served))}`,
    { group, kind: resource },
  );
}

/** The router has no such path for built-in kinds. */
function nameless(served: ServedResource): Error {
  return served.custom ? badRequest('name must be provided') : methodNotAllowed();
}

/** What was to be warned of is said with a refusal too. */
function warned<T>({ warnings }: RequestContext, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isKubeStatus(error)) error.warnings = warnings;
    throw error;
  }
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
