/**
 * What the API server does with objects, free of HTTP: the interface between the wire (../http.io.ts, the
 * in-process client) and the objects' life cycle (../object-registry.ts). Types only.
 *
 * Every method rejects with ApiError, worded as kube-apiserver words it.
 */

import type { FieldValidation } from '../../api/strict-decode.ts'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import type { ServiceAccountTokens } from '../authentication/service-account-tokens.ts'
import type { StaticTokens } from '../authentication/static-tokens.ts'
import type { Repetitions } from '../requests/repetitions.ts'
import type { Access } from '../authorization/access.ts'
import type { ServedKinds } from './kinds.ts'
import type { User } from '../requests/request.ts'
import type { DeleteOptions, PatchType } from '../../client/client.ts'

/** Who asks, and how; the same for every verb. */
export interface RequestContext {
  readonly user: User
  readonly fieldManager?: string | undefined
  readonly dryRun?: boolean | undefined
  readonly fieldValidation?: FieldValidation | undefined
  /** what the text of the body says twice; absent: there was no text */
  readonly repetitions?: Repetitions | undefined
  /** collects texts for `Warning` headers */
  readonly warn: (text: string) => void
}

export interface ListQuery {
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
  readonly limit?: number | undefined
  readonly continue?: string | undefined
  readonly resourceVersion?: string | undefined
  readonly resourceVersionMatch?: string | undefined
  /** for watches alone: refused for lists */
  readonly sendInitialEvents?: boolean | undefined
}

export interface ListResult {
  readonly resourceVersion: string
  readonly items: readonly KubernetesObject[]
  readonly continue?: string | undefined
  readonly remainingItemCount?: number | undefined
}

/** `continue` is for lists alone: refused with some of the rest. */
export interface WatchQuery extends Omit<ListQuery, 'limit'> {
  readonly allowWatchBookmarks?: boolean | undefined
}

export type RegistryEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubernetesObject }
  /** `initialEventsEnd` marks the end of sendInitialEvents */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd?: boolean }

export interface PatchRequest {
  readonly type: PatchType
  readonly patch: unknown
  readonly force?: boolean | undefined
  readonly subresource?: string | undefined
}

export type DeleteResult =
  /** still there: being deleted gracefully, or held by finalizers */
  | { readonly kind: 'pending'; readonly object: KubernetesObject }
  | { readonly kind: 'deleted'; readonly object: KubernetesObject }

export interface Registry {
  readonly kinds: ServedKinds
  /** who may do what */
  readonly access: Access
  /** undefined: no tokens are signed here */
  readonly tokens: ServiceAccountTokens | undefined
  /** those that are good beside them */
  readonly staticTokens: StaticTokens
  /** whether who proves nothing is somebody, who may do little */
  readonly admitsAnonymous: boolean

  /**
   * Absent: reads are always of the newest state. Else: resolves when reads see all that was acknowledged before, by
   * whatever server; called before a read that may not be older (writes do it by themselves).
   */
  readonly sync?: (() => Promise<void>) | undefined

  /** Rejects when writes would be refused, as far as that is known. */
  storeHealth(): Promise<void>

  /** Like all reads of custom resources that a webhook converts, `afterConversion` has to be waited for. */
  get(resource: ResourceInfo, name: ObjectName): KubernetesObject

  /** the newest there is */
  revision(): string

  /** of all namespaces */
  count(resource: ResourceInfo): number

  list(resource: ResourceInfo, query: ListQuery): ListResult

  /**
   * Calls `onEvent` synchronously for every event, the initial ones before this returns.
   * `onFailure`: the watch is over, for an object of an event could not be converted.
   * @returns a function that ends the watch. Throws ApiError (410 Expired, 422 Invalid) before the first event
   */
  watch(
    resource: ResourceInfo,
    query: WatchQuery,
    onEvent: (event: RegistryEvent) => void,
    onFailure?: (error: unknown) => void,
  ): () => void

  create(
    resource: ResourceInfo,
    namespace: string | undefined,
    body: unknown,
    context: RequestContext,
  ): Promise<KubernetesObject>

  /** `subresource`: undefined, 'status', 'scale', 'finalize'. `created` when PUT made the object. */
  update(
    resource: ResourceInfo,
    name: ObjectName & { readonly subresource?: string | undefined },
    body: unknown,
    context: RequestContext,
  ): Promise<{ readonly object: KubernetesObject; readonly created: boolean }>

  patch(
    resource: ResourceInfo,
    name: ObjectName,
    request: PatchRequest,
    context: RequestContext,
  ): Promise<{ readonly object: KubernetesObject; readonly created: boolean }>

  delete(
    resource: ResourceInfo,
    name: ObjectName,
    options: DeleteOptions,
    context: RequestContext,
  ): Promise<DeleteResult>

  deleteCollection(
    resource: ResourceInfo,
    query: ListQuery,
    options: DeleteOptions,
    context: RequestContext,
  ): Promise<ListResult>

  /** autoscaling/v1 Scale of a deployment or replicaset. */
  getScale(resource: ResourceInfo, name: ObjectName): KubernetesObject

  /** POST pods/NAME/binding, or bindings (`postedTo`): sets spec.nodeName once. */
  bind(name: ObjectName, body: unknown, context: RequestContext, postedTo?: ResourceInfo): Promise<void>

  /**
   * A connection to a pod, node or Service: rejects when admission refuses it. `options`: PodExecOptions and the like.
   * @returns the options as they are to be, which webhooks may have changed
   */
  connect(
    resource: ResourceInfo,
    name: ObjectName & { readonly subresource: string },
    options: object,
    context: RequestContext,
  ): Promise<object>

  /** POST serviceaccounts/NAME/token. @returns the TokenRequest with its token */
  requestToken(name: ObjectName, body: unknown, context: RequestContext): Promise<KubernetesObject>

  /** POST pods/NAME/eviction. */
  evict(name: ObjectName, body: unknown, context: RequestContext): Promise<void>
}
