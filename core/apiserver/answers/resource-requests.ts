/**
 * Answers requests for objects and collections: parses the request, asks the registry, shows the result. No HTTP,
 * no life-cycle rules: those are ../http.io.ts and ../object-registry.ts.
 *
 * kubernetes/apiserver pkg/endpoints/handlers (get, create, update, patch, delete).
 */

import type { Clock, Random } from '../../../host/host.ts'
import { ApiError, badRequest, isApiError } from '../../api/api-error.ts'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf, groupResource } from '../../api/resource.ts'
import type { KindRules } from '../../api/rules.ts'
import { BINDINGS, isReadable } from '../../api/scheme.ts'
import { parseFieldSelector } from '../../api/selector-syntax.ts'
import { selectionOf } from '../objects/selection.ts'
import type { ComponentChecks } from './component-statuses.ts'
import {
  componentStatus,
  componentStatusList,
  isComponentStatus,
  refuseComponentWatch,
} from './component-statuses.ts'
import { DEFAULT_PRINTER } from '../columns/printers.ts'
import { ConversionFailure, afterConversion } from '../custom-resources/conversion/unconverted.ts'
import { DELETE_OPTIONS, deleteOptions } from '../requests/delete-options.ts'
import { negotiate, refuseOtherNumber } from '../requests/negotiate.ts'
import type { PatchType } from '../../client/client.ts'
import { booleanOf } from '../requests/query-values.ts'
import type {
  DeleteResult,
  Registry,
  RegistryEvent,
  RequestContext,
  WatchQuery,
} from '../registry/registry.ts'
import type { View } from './representation.ts'
import { JsonTexts, listText, objectText } from './representation.ts'
import type { ApiRequest, ApiResponse } from '../requests/request.ts'
import { errorResponse } from '../requests/request.ts'
import type { Body } from '../requests/request-body.ts'
import { decodeBody, decodePatch, patchTypeOf } from '../requests/request-body.ts'
import { checkListQuery, parseRevision, watchPoint } from '../requests/list-query.ts'
import { listQuery, timeoutSeconds, watchQuery } from '../requests/list-options.ts'
import {
  isCustom,
  refuseName,
  refuseUnsupported,
  shownType,
  unknownInclusion,
} from '../requests/resource-refusals.ts'
import type { RequestVerb, ResourceRoute } from '../requests/route.ts'
import { INCLUDE_OBJECT } from './table.ts'
import { isOwnGroup, methodNotAllowed } from '../requests/unrouted.ts'
import { watchEncoder, watchStream } from './watch-stream.ts'
import { isForced, readContext, writeContext } from '../requests/write-options.ts'

/** Watches without timeoutSeconds last between this and twice this (--min-request-timeout). */
const MIN_WATCH_MS = 1_800_000

export interface ResourceRequestsOptions {
  readonly registry: Registry
  readonly clock: Clock
  readonly random: Pick<Random, 'next'>
  /** of all that the API knows of; absent: it knows of none */
  readonly components?: ComponentChecks | undefined
}

type Exchange = {
  readonly request: ApiRequest
  readonly route: ResourceRoute
  readonly view: View
  readonly context: RequestContext
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
    if (isComponentStatus(exchange.route.resource)) return await this.#component(exchange, verb)
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
        return await this.#watch(exchange)
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

  async #component({ request, route, view }: Exchange, verb: RequestVerb): Promise<ApiResponse> {
    const { components = {} } = this.#options
    if (route.name !== undefined) {
      const object = await componentStatus(components, objectName(route).name)
      refuseOtherNumber(view.representation.shape, false, shownType(route, false))
      return shown(200, object, view)
    }
    const isWatch = verb === 'watch'
    const query = isWatch ? watchQuery(request.query, undefined) : listQuery(request.query, undefined)
    if (isWatch) watchPoint({ ...query, resourceVersion: undefined }, 0)
    const selection = selectionOf(this.#registry, route.resource, query)
    refuseComponentWatch(verb)
    const list = await componentStatusList(components, query, selection)
    refuseOtherNumber(view.representation.shape, true, shownType(route, true))
    return whole(200, listText(route.resource, list, view), view)
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

  async #watch({ request, route, view }: Exchange): Promise<ApiResponse> {
    const { clock, random } = this.#options
    // The old paths are those of lists to upstream until it is to be answered.
    if (route.isWatch && !booleanOf(request.query, 'watch'))
      checkListQuery(listQuery(request.query, route.namespace))
    const asked = watchQuery(request.query, route.namespace)
    const query = route.name === undefined ? asked : ofOneName(asked, route.name)
    const seconds = timeoutSeconds(request.query)
    const timeoutMs = seconds === undefined ? MIN_WATCH_MS * (1 + random.next()) : seconds * 1000
    const end = this.#registry.kinds.endOf?.(route.resource)
    const signal = AbortSignal.any([request.signal, ...(end ? [end] : [])])
    const encode = watchEncoder(route.resource, view)
    const start = () => {
      const { bookmark, saw } = this.#bookmarks(route, query)
      return watchStream({
        encode,
        open: (onEvent, onFailure) => {
          const seen = (event: RegistryEvent): void => {
            saw(event)
            onEvent(event)
          }
          return this.#registry.watch(route.resource, query, seen, onFailure)
        },
        bookmark: query.allowWatchBookmarks ? bookmark : undefined,
        timeoutMs,
        clock,
        signal,
      })
    }
    const chunks = await afterConversion(start).catch((error: unknown) => {
      throw error instanceof ConversionFailure ? notReady(route.resource, error) : error
    })
    return { kind: 'stream', headers: { 'Content-Type': 'application/json' }, chunks }
  }

  /** Bookmarks of a watch that starts now. They tell of more than what the client knew at its start. */
  #bookmarks({ resource }: ResourceRoute, query: WatchQuery): Bookmarks {
    let told = 0
    const saw = (event: RegistryEvent): void => {
      if (event.type !== 'BOOKMARK') told = Math.max(told, Number(event.object.metadata.resourceVersion))
    }
    const { resourceVersion = '0', sendInitialEvents } = query
    const isFromNow = resourceVersion === '0' || sendInitialEvents === true
    const start = Number(isFromNow ? this.#registry.revision() : resourceVersion)
    // Events that are being converted are yet to be told of.
    const isBehind = this.#registry.kinds.of(resource).together !== undefined
    const bookmark: Bookmarks['bookmark'] = () => {
      const resourceVersion = isBehind ? String(told) : this.#registry.revision()
      return Number(resourceVersion) > start ? { type: 'BOOKMARK', resourceVersion } : undefined
    }
    return { bookmark, saw }
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

/** What a watch tells of beside changes. */
interface Bookmarks {
  readonly bookmark: () => RegistryEvent | undefined
  /** to be told of every event */
  readonly saw: (event: RegistryEvent) => void
}

/** 429, as upstream has it while its watch cache cannot be filled. */
function notReady(resource: ResourceInfo, { message }: ConversionFailure): ApiError {
  const kind = `${apiVersionOf(resource)}, Kind=${resource.kind}`
  const text = `storage is (re)initializing: failed to list ${kind}: ${message}`
  return new ApiError('TooManyRequests', text, { details: { retryAfterSeconds: 1 } })
}

const READS: ReadonlySet<RequestVerb> = new Set(['get', 'list', 'watch'])

/**
 * Without a resourceVersion the newest state is asked for, with one a state not older, which another server may have
 * told of; "0" is content with anything, and a further page is of the revision of the first.
 */
const asksForRecent = (query: URLSearchParams): boolean =>
  query.get('resourceVersion') !== '0' && !query.get('continue')

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' }

async function decodedBody(
  request: ApiRequest,
  expected: Pick<ResourceInfo, 'group' | 'version' | 'kind'>,
): Promise<Body> {
  const { group, kind } = expected
  const kinded = { apiVersion: apiVersionOf(expected), kind, isCustom: !isOwnGroup(group) }
  return decodeBody(request.headers['content-type'] ?? '', await request.body(), kinded)
}

async function optionalBody(request: ApiRequest): Promise<unknown> {
  const bytes = await request.body()
  if (bytes.length === 0) return undefined
  const kinded = { apiVersion: apiVersionOf(DELETE_OPTIONS), kind: DELETE_OPTIONS.kind }
  return decodeBody(request.headers['content-type'] ?? '', bytes, kinded).value
}

function objectName(route: ResourceRoute): ObjectName {
  return { namespace: route.namespace, name: route.name ?? '' }
}

/** The old paths of watches name an object; a selector may say the same, and nothing else. */
function ofOneName(query: WatchQuery, name: string): WatchQuery {
  const fields = parseFieldSelector(query.fieldSelector ?? '')
  const isSame = fields.some(
    ({ field, operator, value }) => field === 'metadata.name' && operator === '=' && value === name,
  )
  if (fields.length > 0 && !isSame) {
    throw badRequest("fieldSelector metadata.name doesn't match requested name")
  }
  return fields.length > 0 ? query : { ...query, fieldSelector: `metadata.name=${name}` }
}

function whole(code: number, body: string, view: View): ApiResponse {
  return { kind: 'whole', code, headers: { 'Content-Type': view.representation.mediaType }, body }
}

function shown(code: number, object: KubernetesObject, view: View): ApiResponse {
  return whole(code, objectText(object, view), view)
}

/** Statuses are never shown as Tables. */
function success(view: View, code: number, details?: Readonly<Record<string, unknown>>): ApiResponse {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    ...(details === undefined ? { code } : { details }),
  }
  return whole(code, `${JSON.stringify(status)}\n`, {
    ...view,
    representation: { ...view.representation, mediaType: 'application/json' },
  })
}

function deleted(resource: ResourceInfo, rules: KindRules, result: DeleteResult, view: View): ApiResponse {
  const { object } = result
  if (result.kind === 'pending' || rules.returnsDeleted) return shown(200, object, view)
  return success(view, 200, {
    name: object.metadata.name,
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.resource,
    uid: object.metadata.uid,
  })
}
