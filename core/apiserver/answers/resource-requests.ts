/**
 * Answers requests for objects and collections: parses the request, asks the registry, shows the result. No HTTP,
 * no life-cycle rules: those are ../http.io.ts and ../object-registry.ts.
 *
 * kubernetes/apiserver pkg/endpoints/handlers (get, create, update, patch, delete).
 */

import type { Clock, Random } from '../../../host/host.ts'
import { badRequest, isApiError } from '../../api/api-error.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { groupResource } from '../../api/resource.ts'
import { BINDINGS, isReadable } from '../../api/scheme.ts'
import type { ComponentChecks } from './component-statuses.ts'
import { isComponentStatus } from './component-statuses.ts'
import { DEFAULT_PRINTER } from '../columns/printers.ts'
import { afterConversion } from '../custom-resources/conversion/unconverted.ts'
import { deleteOptions } from '../requests/delete-options.ts'
import { negotiate, refuseOtherNumber } from '../requests/negotiate.ts'
import type { PatchType } from '../../client/client.ts'
import type { Registry } from '../registry/registry.ts'
import type { View } from './representation.ts'
import { JsonTexts, listText } from './representation.ts'
import type { ApiRequest, ApiResponse } from '../requests/request.ts'
import { errorResponse } from '../requests/request.ts'
import type { Body } from '../requests/request-body.ts'
import { decodePatch, patchTypeOf } from '../requests/request-body.ts'
import { parseRevision } from '../requests/list-query.ts'
import { listQuery } from '../requests/list-options.ts'
import {
  isCustom,
  refuseName,
  refuseUnsupported,
  shownType,
  unknownInclusion,
} from '../requests/resource-refusals.ts'
import type { RequestVerb, ResourceRoute } from '../requests/route.ts'
import { componentAnswer } from './component-requests.ts'
import type { Exchange } from './exchange.ts'
import { objectName } from './exchange.ts'
import { decodedBody, optionalBody } from '../requests/resource-bodies.ts'
import { INCLUDE_OBJECT } from './table.ts'
import { watchAnswer } from './watch-requests.ts'
import { deleted, shown, success, whole } from './whole-answers.ts'
import { methodNotAllowed } from '../requests/unrouted.ts'
import { isForced, readContext, writeContext } from '../requests/write-options.ts'

export interface ResourceRequestsOptions {
  readonly registry: Registry
  readonly clock: Clock
  readonly random: Pick<Random, 'next'>
  /** of all that the API knows of; absent: it knows of none */
  readonly components?: ComponentChecks | undefined
}

/** A binding has the name of the pod it is for. @throws ApiError BadRequest without one */
function boundPod(binding: unknown): string {
  const { metadata } = (binding ?? {}) as { readonly metadata?: { readonly name?: unknown } }
  if (typeof metadata?.name === 'string' && metadata.name !== '') return metadata.name
  throw badRequest('Name parameter required.')
}

/** The object-shaped half of the API. Sub-resources that are streams (log, exec, proxy) are ../sessions. */
export class ResourceRequests {
  readonly #registry: Registry
  readonly #options: ResourceRequestsOptions
  readonly #texts = new JsonTexts()

  constructor(options: ResourceRequestsOptions) {
    this.#registry = options.registry
    this.#options = options
  }

  /** Rejects with ApiError for whatever is refused. */
  async answer(request: ApiRequest, route: ResourceRoute, verb: RequestVerb): Promise<ApiResponse> {
    const isComponent = isComponentStatus(route.resource)
    if (!(isComponent && verb === 'watch')) refuseUnsupported(route, verb)
    refuseName(route.name)
    const warnings: string[] = []
    const exchange: Exchange = {
      request,
      route,
      view: this.#view(request, route, verb),
      context: readContext(request, (text) => warnings.push(text)),
    }
    const { deprecation } = this.#registry.kinds.of(route.resource)
    if (deprecation !== undefined) warnings.push(deprecation)
    const response = await this.#perform(exchange, verb).catch((error: unknown) => {
      // What a refused request is warned of, too.
      if (!isApiError(error)) throw error
      return errorResponse(error, request)
    })
    return response.kind === 'whole' ? { ...response, warnings: [...new Set(warnings)] } : response
  }

  #view(request: ApiRequest, route: ResourceRoute, verb: RequestVerb): View {
    const { query, headers } = request
    const representation = negotiate(headers['accept'] ?? '', {
      pretty: query.get('pretty'),
      userAgent: headers['user-agent'] ?? '',
      hasNoShapes: !isReadable(route.resource),
      route: isCustom(route) ? 'custom' : route.name === undefined ? 'collection' : 'object',
      isWatch: verb === 'watch',
    })
    const included = query.get('includeObject') || 'Metadata'
    const includeObject = INCLUDE_OBJECT.find((each) => each === included)
    if (includeObject === undefined) {
      if (representation.shape.kind === 'Table') throw unknownInclusion(included)
      return this.#view({ ...request, query: new URLSearchParams() }, route, verb)
    }
    const printer =
      route.subresource?.name === 'scale' ? DEFAULT_PRINTER : this.#registry.kinds.of(route.resource).printer
    return { representation, includeObject, nowMs: this.#options.clock.now(), texts: this.#texts, printer }
  }

  async #perform(exchange: Exchange, verb: RequestVerb): Promise<ApiResponse> {
    if (isComponentStatus(exchange.route.resource)) {
      const { kinds } = this.#registry
      return await componentAnswer(exchange, verb, { components: this.#options.components ?? {}, kinds })
    }
    const { sync } = this.#registry
    if (sync && READS.has(verb) && asksForRecent(exchange.request.query)) await sync()
    switch (verb) {
      case 'get': {
        const object = await afterConversion(() => this.#get(exchange))
        refuseOtherNumber(exchange.view.representation.shape, false, shownType(exchange.route, false))
        return shown(200, object, exchange.view)
      }
      case 'list':
        return await afterConversion(() => this.#list(exchange))
      case 'watch':
        return await watchAnswer(exchange, this.#options)
      case 'create':
        return exchange.route.subresource ? this.#createSubresource(exchange) : this.#create(exchange)
      case 'update':
        return this.#update(exchange)
      case 'patch':
        return this.#patch(exchange)
      case 'delete':
        return this.#delete(exchange)
      case 'deletecollection':
        return this.#deleteCollection(exchange)
    }
  }

  #get({ request, route }: Exchange): KubernetesObject {
    const name = objectName(route)
    const resourceVersion = request.query.get('resourceVersion') || '0'
    // An object not older than a revision yet to come cannot be had: refused as for a list.
    if (parseRevision(resourceVersion) !== 0) {
      const notOlder = { resourceVersion, resourceVersionMatch: 'NotOlderThan', limit: 1 }
      this.#registry.list(route.resource, { namespace: name.namespace, ...notOlder })
    }
    return route.subresource?.name === 'scale'
      ? this.#registry.getScale(route.resource, name)
      : this.#registry.get(route.resource, name)
  }

  #list({ request, route, view }: Exchange): ApiResponse {
    const list = this.#registry.list(route.resource, listQuery(request.query, route.namespace))
    refuseOtherNumber(view.representation.shape, true, shownType(route, true))
    return whole(200, listText(route.resource, list, view), view)
  }

  async #create(exchange: Exchange): Promise<ApiResponse> {
    const { route, view } = exchange
    const writing = writeContext(exchange.request, exchange.context, { kind: 'CreateOptions' })
    const { value, repetitions } = await decodedBody(exchange.request, route.resource)
    const context = { ...writing, repetitions }
    if (groupResource(route.resource) === groupResource(BINDINGS)) {
      const pod = { namespace: route.namespace, name: boundPod(value) }
      await this.#registry.bind(pod, value, context, route.resource)
      return success(view, 201)
    }
    return shown(201, await this.#registry.create(route.resource, route.namespace, value, context), view)
  }

  async #createSubresource(exchange: Exchange): Promise<ApiResponse> {
    const { route } = exchange
    const { resource, subresource } = route
    const context = writeContext(exchange.request, exchange.context, { kind: 'CreateOptions' })
    const expected = {
      ...resource,
      ...(subresource?.group === undefined ? {} : { group: subresource.group }),
      version: subresource?.version ?? resource.version,
      kind: subresource?.kind ?? resource.kind,
    }
    const { value: body } = await decodedBody(exchange.request, expected)
    if (subresource?.name === 'token') {
      const answer = await this.#registry.requestToken(objectName(route), body, context)
      return shown(201, answer, exchange.view)
    }
    if (subresource?.name === 'binding') await this.#registry.bind(objectName(route), body, context)
    else if (subresource?.name === 'eviction') await this.#registry.evict(objectName(route), body, context)
    else throw methodNotAllowed()
    return success(exchange.view, 201)
  }

  async #update(exchange: Exchange): Promise<ApiResponse> {
    const { route, view } = exchange
    const name = { ...objectName(route), subresource: route.subresource?.name }
    const expected = route.subresource?.name === 'scale' ? SCALE : route.resource
    const writing = writeContext(exchange.request, exchange.context, { kind: 'UpdateOptions' })
    const { value, repetitions } = await decodedBody(exchange.request, expected)
    const context = { ...writing, repetitions }
    const { object, created } = await this.#registry.update(route.resource, name, value, context)
    return shown(created ? 201 : 200, object, view)
  }

  async #patch(exchange: Exchange): Promise<ApiResponse> {
    const { request, route, view } = exchange
    const type = patchTypeOf(request.headers['content-type'] ?? '', isCustom(route))
    const bytes = await request.body()
    const writing = writeContext(request, exchange.context, { kind: 'PatchOptions', patchType: type })
    const { value: patch, repetitions } = await this.#decodedPatch(
      route,
      type,
      bytes,
      writing.fieldValidation === 'Ignore',
    )
    const context = { ...writing, repetitions }
    const force = isForced(request.query)
    const { object, created } = await this.#registry.patch(
      route.resource,
      objectName(route),
      { type, patch, force, subresource: route.subresource?.name },
      context,
    )
    return shown(created ? 201 : 200, object, view)
  }

  /** A patch is looked at once there is something to patch; only apply can do without. */
  async #decodedPatch(
    route: ResourceRoute,
    type: PatchType,
    bytes: Uint8Array,
    isIgnored: boolean,
  ): Promise<Body> {
    try {
      return decodePatch(type, bytes, isIgnored)
    } catch (error) {
      if (type !== 'apply' || route.subresource !== undefined)
        await afterConversion(() => this.#registry.get(route.resource, objectName(route)))
      throw error
    }
  }

  async #delete(exchange: Exchange): Promise<ApiResponse> {
    const { request, route, context, view } = exchange
    const options = deleteOptions(request.query, await optionalBody(request))
    const result = await this.#registry.delete(route.resource, objectName(route), options, {
      ...context,
      dryRun: options.dryRun,
    })
    return deleted(route.resource, this.#registry.kinds.of(route.resource).rules, result, view)
  }

  async #deleteCollection(exchange: Exchange): Promise<ApiResponse> {
    const { request, route, context, view } = exchange
    const query = listQuery(request.query, route.namespace)
    const options = deleteOptions(request.query, await optionalBody(request))
    const list = await this.#registry.deleteCollection(route.resource, query, options, {
      ...context,
      dryRun: options.dryRun,
    })
    return whole(200, listText(route.resource, list, view), view)
  }
}

const READS: ReadonlySet<RequestVerb> = new Set(['get', 'list', 'watch'])

/**
 * Without a resourceVersion the newest state is asked for, with one a state not older, which another server may have
 * told of; "0" is content with anything, and a further page is of the revision of the first.
 */
const asksForRecent = (query: URLSearchParams): boolean =>
  query.get('resourceVersion') !== '0' && !query.get('continue')

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' }
