/**
 * The registry: what the API server does with objects, over a store. It owns no loop and no socket; disposing of it
 * ends its one watch of Services.
 */

import { ApiError } from '../api/api-error.ts'
import type { KubernetesObject, ObjectName } from '../api/object.ts'
import type { ResourceInfo } from '../api/resource.ts'
import type { ClusterFacts } from '../api/rules.ts'
import type { Clock, Random } from '../../host/host.ts'
import type { Store } from '../store/store.ts'
import { createObject } from './create.ts'
import { decodeBody, withRequestName } from './decode-body.ts'
import { deleteCollection, deleteObject } from './delete.ts'
import type { Environment } from './environment.ts'
import { builtInKinds } from './kinds.ts'
import { getObject, listObjects } from './list.ts'
import { patchObject } from './patch.ts'
import { bindPod, evictPod } from './pod-subresources.ts'
import type { PatchRequest, Registry, RequestContext } from './registry.ts'
import { getScale, patchScale, updateScale } from './scale.ts'
import { ServiceAllocations } from './services/service-allocations.ts'
import type { UpdateResult } from './update.ts'
import { updateObject } from './update.ts'
import type { LastStates } from './watch.ts'
import { watchObjects } from './watch.ts'

export interface RegistryOptions {
  readonly store: Store
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly facts: ClusterFacts
}

/** @returns the registry of the store's objects */
export function createRegistry(options: RegistryOptions): Registry & Disposable {
  const { store, clock, random, facts } = options
  const services = new ServiceAllocations(store, facts, random)
  const kinds = builtInKinds()
  const env: Environment = { store, clock, random, facts, kinds, services }
  const lastStates: LastStates = new WeakMap()
  return {
    kinds,
    get: (resource, name) => getObject(env, resource, name),
    list: (resource, query) => listObjects(env, resource, query),
    watch: (resource, query, onEvent) => watchObjects(env, lastStates, { resource, query }, onEvent),
    create: (resource, namespace, body, context) => createObject(env, resource, namespace, body, context),
    update: (resource, name, body, context) => replaceObject(env, resource, name, body, context),
    patch: (resource, name, request, context) => changeObject(env, resource, name, request, context),
    delete: (resource, name, wish, context) => deleteObject(env, resource, name, wish, context),
    deleteCollection: (resource, query, wish, context) =>
      deleteCollection(env, resource, query, wish, context),
    getScale: (resource, name) => getScale(env, resource, name),
    bind: (name, body, context) => bindPod(env, name, body, context),
    evict: (name, body, context) => evictPod(env, name, body, context),
    [Symbol.dispose]: () => services[Symbol.dispose](),
  }
}

/** Kinds whose objects a PUT may make. */
const CREATE_ON_UPDATE: readonly string[] = ['events', 'leases', 'endpoints']

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
  const object = withRequestName(decodeBody(env, resource, body, context), name)
  const mayCreate = CREATE_ON_UPDATE.includes(resource.resource)
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
