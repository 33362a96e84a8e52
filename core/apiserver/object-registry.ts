/**
 * The registry: what the API server does with objects, over a store. It owns no loop and no socket; disposing of it
 * ends its one watch of Services.
 */

import { ApiError } from '../api/api-error.ts'
import type { KubernetesObject, ObjectName } from '../api/object.ts'
import type { ResourceInfo } from '../api/resource.ts'
import type { ClusterFacts } from '../api/rules.ts'
import type { Secret } from '../api/generated/core-v1.ts'
import { NAMESPACES, PODS, SECRETS, SERVICE_ACCOUNTS, isStored } from '../api/scheme.ts'
import type { Clock, Random } from '../../host/host.ts'
import type { Store } from '../store/store.ts'
import type { EnabledPlugins } from './admission/plugins.ts'
import { DEFAULT_PLUGINS } from './admission/plugins.ts'
import { AdmissionPolicies } from './admission/policies/policies.ts'
import type { PartRequest } from './objects/admit-part.ts'
import { partAdmission } from './objects/admit-part.ts'
import type { WebhookCaller } from './admission/webhooks/webhooks.ts'
import { Webhooks } from './admission/webhooks/webhooks.ts'
import { ServiceAccountTokens } from './authentication/service-account-tokens.ts'
import type { TokenAuthority, TokenFacts } from './authentication/service-account-tokens.ts'
import type { StaticTokens } from './authentication/static-tokens.ts'
import { LAST_USED } from './authentication/token-usage.ts'
import { decodedTokenRequest, requestedToken } from './authentication/token-request.ts'
import type { Attributes } from './authorization/attributes.ts'
import { Access } from './authorization/access.ts'
import { NODE_RULES } from './authorization/bootstrap-roles.ts'
import { LiveNodeGraph } from './authorization/live-node-graph.ts'
import type { AuthorizationMode } from './authorization/modes.ts'
import { NodeAuthorizer } from './authorization/node-authorizer.ts'
import { RbacAuthorizer } from './authorization/rbac.ts'
import { convertByWebhook } from './custom-resources/conversion/convert-by-webhook.ts'
import { createObject } from './objects/create.ts'
import {
  decodeBody,
  withoutRepeatedOwners,
  withGivenName,
  withRequestNamespace,
} from './requests/decode-body.ts'
import { deleteCollection, deleteObject } from './objects/delete.ts'
import type { Environment } from './registry/environment.ts'
import { CustomKinds } from './custom-resources/custom-kinds.ts'
import { DefinitionCleanup } from './custom-resources/definition-cleanup.ts'
import { DefinitionNames } from './custom-resources/definition-names.ts'
import { getObject, listObjects } from './objects/list.ts'
import { patchObject } from './objects/patch.ts'
import { evictPod } from './objects/eviction.ts'
import { bindPod } from './objects/pod-subresources.ts'
import type { PatchRequest, Registry, RequestContext } from './registry/registry.ts'
import { ownContext } from './registry/upkeep.ts'
import { reviewed } from './objects/reviews.ts'
import { getScale, patchScale, updateScale } from './objects/scale.ts'
import { ServiceCidrCleanup } from './services/service-cidrs.ts'
import { ServiceAllocations } from './services/service-allocations.ts'
import { storageKey, storagePrefix } from './registry/storage-key.ts'
import { storeFailure } from './registry/store-failure.ts'
import type { UpdateResult } from './objects/update.ts'
import { updateObject } from './objects/update.ts'
import type { LastStates } from './objects/watch.ts'
import { watchObjects } from './objects/watch.ts'

export interface RegistryOptions {
  readonly store: Store
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly facts: ClusterFacts
  /** absent: no service account tokens are signed, and none is good */
  readonly tokens?: TokenAuthority | undefined
  /** tokens that are good beside those of service accounts */
  readonly staticTokens?: StaticTokens | undefined
  /** default: true */
  readonly admitsAnonymous?: boolean | undefined
  /** who decides on access, in turn; absent: as in clusters that kubeadm makes */
  readonly authorizationModes?: readonly AuthorizationMode[] | undefined
  /** sends reviews to admission webhooks; absent: there are none */
  readonly callWebhook?: WebhookCaller | undefined
  /** the steps of admission that are on; absent: those that usually are */
  readonly plugins?: EnabledPlugins | undefined
  /** told of failures in the background */
  readonly failed?: ((error: unknown) => void) | undefined
}

/** @returns the registry of the store's objects */
export function createRegistry(options: RegistryOptions): Registry & Disposable {
  const { store, clock, random } = options
  const facts: ClusterFacts = { ...options.facts, namespaceLabels: (name) => namespaceLabels(store, name) }
  const services = new ServiceAllocations(store, facts, random)
  const call = options.callWebhook
  const staticTokens = options.staticTokens ?? new Map()
  const kinds = new CustomKinds(store, clock, (crd) => convertByWebhook(crd, { call, random }))
  const rbac = new RbacAuthorizer(store)
  const graph = new LiveNodeGraph(store)
  const node = new NodeAuthorizer(() => graph.current, NODE_RULES)
  const access = new Access({ rbac, node, modes: options.authorizationModes })
  const find: TokenFacts['find'] = (resource, name) => store.get(storageKey(resource, name))?.value
  const tellUse = async ({ metadata: { name, namespace, uid } }: Secret, day: string): Promise<void> => {
    const patch = { metadata: { uid, labels: { [LAST_USED]: day } } }
    // What cannot be written down is no reason to refuse the token.
    await fresh(() => changeObject(env, SECRETS, { namespace, name }, { type: 'merge', patch }, OWN)).catch(
      (error: unknown) => failed(error),
    )
  }
  const tokens =
    options.tokens && new ServiceAccountTokens({ ...options.tokens, clock, random, find, tellUse })
  const asked = { kinds, authorize: (question: Attributes) => access.authorize(question) }
  const policies = new AdmissionPolicies(asked)
  const webhooks = call && new Webhooks({ ...asked, call, random })
  const { plugins = DEFAULT_PLUGINS } = options
  const parts = { services, access, policies, webhooks, plugins }
  const env: Environment = { store, clock, random, facts, kinds, ...parts }
  const failed = options.failed ?? ((): void => undefined)
  const cleanup = new DefinitionCleanup(env, failed)
  const names = new DefinitionNames(env, failed)
  const cidrs = new ServiceCidrCleanup(env, failed)
  const lastStates: LastStates = new WeakMap()
  const sync = syncOf(store)
  const fresh = freshly(sync)
  return {
    kinds,
    access,
    tokens,
    staticTokens,
    admitsAnonymous: options.admitsAnonymous ?? true,
    sync,
    storeHealth: () => store.health(),
    get: (resource, name) => getObject(env, resource, name),
    list: (resource, query) => listObjects(env, resource, query),
    revision: () => String(store.revision),
    count: (resource) => store.range(storagePrefix(resource)).values.length,
    watch: (resource, query, onEvent, onFailure) =>
      watchObjects(env, lastStates, { resource, query }, { onEvent, onFailure }),
    async create(resource, namespace, body, context) {
      if (isStored(resource)) return await fresh(() => createObject(env, resource, namespace, body, context))
      const given = decodeBody(env, resource, body, context)
      const sent = withRequestNamespace(given, resource.namespaced ? namespace : undefined)
      const admission = partAdmission(env, created(resource, '', { namespace, name: '' }, context))
      const object = await admission.change(sent)
      await admission.judge(object)
      return await reviewed(
        { access, tokens, staticTokens },
        { resource, namespace, object, user: context.user, nowMs: clock.now() },
      )
    },
    update: (resource, name, body, context) => fresh(() => replaceObject(env, resource, name, body, context)),
    patch: (resource, name, request, context) =>
      fresh(() => changeObject(env, resource, name, request, context)),
    delete: (resource, name, wish, context) => fresh(() => deleteObject(env, resource, name, wish, context)),
    deleteCollection: (resource, query, wish, context) =>
      fresh(() => deleteCollection(env, resource, query, wish, context)),
    getScale: (resource, name) => getScale(env, resource, name),
    bind: (name, body, context, postedTo) =>
      fresh(async () => {
        const part = postedTo ? created(postedTo, '', name, context) : created(PODS, 'binding', name, context)
        await bindPod(env, name, body, context, partAdmission(env, part))
      }),
    connect: (resource, { subresource, ...name }, options, context) =>
      fresh(async () => {
        const part = { operation: 'connect', resource, subresource, name, context } as const
        const admission = partAdmission(env, part)
        const wanted = await admission.change(options)
        await admission.judge(wanted)
        return wanted
      }),
    async requestToken(name, body, context) {
      if (tokens === undefined)
        throw new ApiError('NotFound', 'the server could not find the requested resource')
      const request = decodedTokenRequest(body, name, context)
      const admission = partAdmission(env, created(SERVICE_ACCOUNTS, 'token', name, context))
      return await requestedToken({ tokens, find, admission }, name, request)
    },
    evict: (name, body, context) =>
      fresh(async () => {
        const admission = partAdmission(env, created(PODS, 'eviction', name, context))
        await evictPod(env, name, body, context, admission)
      }),
    [Symbol.dispose]: () => {
      services[Symbol.dispose]()
      rbac[Symbol.dispose]()
      graph[Symbol.dispose]()
      cleanup[Symbol.dispose]()
      names[Symbol.dispose]()
      cidrs[Symbol.dispose]()
      kinds[Symbol.dispose]()
    },
  }
}

function namespaceLabels(store: Store, name: string): Readonly<Record<string, string>> | undefined {
  const namespace = store.get(storageKey(NAMESPACES, { name }))?.value
  return namespace && (namespace.metadata.labels ?? {})
}

/** The server itself. */
const OWN = ownContext()

const created = (
  resource: ResourceInfo,
  subresource: string,
  name: ObjectName,
  context: RequestContext,
): PartRequest => ({ operation: 'create', resource, subresource, name, context })

function syncOf(store: Store): Registry['sync'] {
  if (store.sync === undefined) return undefined
  return async () => {
    try {
      await store.sync?.()
    } catch (error) {
      throw storeFailure(error)
    }
  }
}

/** Writes begin with what is there now, and fail with ApiError. */
function freshly(sync: Registry['sync']): <T>(work: () => Promise<T>) => Promise<T> {
  return async (work) => {
    if (sync) await sync()
    try {
      return await work()
    } catch (error) {
      throw storeFailure(error)
    }
  }
}

async function replaceObject(
  env: Environment,
  resource: ResourceInfo,
  { subresource, ...name }: ObjectName & { readonly subresource?: string | undefined },
  body: unknown,
  context: RequestContext,
): Promise<UpdateResult> {
  checkSubresource(resource, subresource)
  if (subresource === 'scale') {
    return { object: await updateScale(env, resource, name, body, context), created: false }
  }
  const decoded = withoutRepeatedOwners(decodeBody(env, resource, body, context), context)
  const object = withGivenName(decoded, name)
  const mayCreate = env.kinds.of(resource).rules.createsOnUpdate
  return updateObject(env, { resource, name, subresource, context, mayCreate, wanted: () => ({ object }) })
}

async function changeObject(
  env: Environment,
  resource: ResourceInfo,
  name: ObjectName,
  request: PatchRequest,
  context: RequestContext,
): Promise<UpdateResult> {
  checkSubresource(resource, request.subresource)
  if (request.subresource !== 'scale') return patchObject(env, resource, name, request, context)
  const object: KubernetesObject = await patchScale(env, resource, name, request, context)
  return { object, created: false }
}

/** @throws ApiError NotFound for a sub-resource that cannot be written */
function checkSubresource(resource: ResourceInfo, subresource: string | undefined): void {
  if (subresource === undefined) return
  const row = resource.subresources.find(({ name }) => name === subresource)
  if (row?.verbs.includes('update')) return
  throw new ApiError('NotFound', 'the server could not find the requested resource')
}
