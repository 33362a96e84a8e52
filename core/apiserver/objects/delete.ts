/**
 * Deleting objects: at once, gracefully (pods), or as soon as all finalizers are done.
 *
 * kubernetes/apiserver pkg/registry/rest/delete.go (BeforeDelete) and pkg/registry/generic/registry/store.go
 * (Delete, deletionFinalizersForGarbageCollection), kubernetes/kubernetes pkg/registry/core/pod/strategy.go.
 */

import { ApiError, conflict, notFound } from '../../api/api-error.ts'
import type { CustomResourceDefinition } from '../../api/generated/apiextensions-v1.ts'
import type { Pod } from '../../api/generated/core-v1.ts'
import type { KubernetesObject, NamedMeta, ObjectName } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES } from '../../api/scheme.ts'
import { parseTimestamp, timestamp } from '../../api/timestamp.ts'
import type { DeleteOptions } from '../../client/client.ts'
import type { AdmissionRequest } from '../admission/admission-request.ts'
import { changed } from '../admission/admission.ts'
import { changedByWebhooks, judgeBeyond } from './admit.ts'
import { clusterView } from '../registry/cluster-view.ts'
import { afterConversion } from '../custom-resources/conversion/unconverted.ts'
import type { ObjectWrite, WriteOutcome } from '../registry/commit-object.ts'
import { putObject, removeObject } from '../registry/commit-object.ts'
import { markedDefinition } from '../custom-resources/definition-deletion.ts'
import type { AnyObject, Environment } from '../registry/environment.ts'
import { listObjects } from './list.ts'
import { ownFinalizers } from '../registry/object-meta.ts'
import type { DeleteResult, ListQuery, ListResult, RequestContext } from '../registry/registry.ts'
import { ipAddressWrites } from '../services/ip-addresses.ts'
import { storageKey } from '../registry/storage-key.ts'

/** Rejects with ApiError NotFound, Conflict (preconditions), Forbidden (namespaces that stay). */
export async function deleteObject(
  env: Environment,
  resource: ResourceInfo,
  name: ObjectName,
  options: DeleteOptions,
  context: RequestContext,
): Promise<DeleteResult> {
  return await deleteOne(env, { resource, name, options, context, isOfCollection: false })
}

/** The same as a part of something else, which was admitted itself. */
export async function deleteAdmitted(
  env: Environment,
  resource: ResourceInfo,
  name: ObjectName,
  options: DeleteOptions,
  context: RequestContext,
): Promise<DeleteResult> {
  return await deleteOne(env, {
    resource,
    name,
    options,
    context,
    isOfCollection: false,
    isAdmitted: true,
  })
}

interface Deletion {
  readonly resource: ResourceInfo
  readonly name: ObjectName
  readonly options: DeleteOptions
  readonly context: RequestContext
  /** whether the request names no object */
  readonly isOfCollection: boolean
  readonly isAdmitted?: boolean
}

async function deleteOne(
  env: Environment,
  { resource, name, options, context, isOfCollection, isAdmitted = false }: Deletion,
): Promise<DeleteResult> {
  const key = storageKey(resource, name)
  const dryRun = context.dryRun || options.dryRun
  const { rules } = env.kinds.of(resource)
  const wish = { ...options, orphansByDefault: rules.orphansDependents ?? false }
  if (rules.deletionWarning && options.propagationPolicy === undefined) context.warn(rules.deletionWarning)
  const { fromStorage = same, toStorage = same, converted } = env.kinds.of(resource)
  const shown = (object: KubernetesObject): Promise<KubernetesObject> =>
    afterConversion(() => fromStorage(object))
  for (;;) {
    const stored = env.store.get(key)
    if (stored === undefined) throw notFound(resource, name.name)
    const { modRevision } = stored
    const object = await shown(stored.value)
    // Custom resources are marked in the version asked for, and stored in the one that is stored by now.
    const value = converted === undefined ? stored.value : object
    const storable = (marked: KubernetesObject): Promise<KubernetesObject> =>
      converted === undefined ? Promise.resolve(marked) : afterConversion(() => toStorage(marked))
    const { namespace } = name
    const about = { operation: 'delete', resource, subresource: '', namespace } as const
    const request = {
      ...about,
      object,
      old: object,
      context: { ...context, dryRun },
      random: env.random,
      deleteOptions: options,
      ...(isOfCollection ? { name: '' } : {}),
    }
    if (!isAdmitted) await admitDeletion(env, request)
    checkPreconditions(resource, value, options)
    const plan = planDeletion(resource, value, wish, env.clock.now())
    if (plan.kind === 'unchanged') return { kind: 'pending', object }
    const write = { key, modRevision, dryRun, also: ipAddressWrites(env, resource, value, undefined) }
    const outcome =
      plan.kind === 'remove'
        ? await remove(env, write, { value: await storable(value), last: plan.last })
        : await putObject(env, { ...write, also: [] }, await storable(plan.object))
    if (outcome.kind === 'written') {
      return { kind: plan.kind === 'remove' ? 'deleted' : 'pending', object: await shown(outcome.object) }
    }
  }
}

async function admitDeletion(env: Environment, request: AdmissionRequest): Promise<void> {
  const cluster = clusterView(env.store)
  changed(request, cluster, env.plugins)
  await changedByWebhooks(env, request, cluster)
  await judgeBeyond(env, request, cluster)
}

const same = (object: KubernetesObject): KubernetesObject => object

/** What ends gracefully is seen to end, even if at once: its last state is written before it is removed. */
async function remove(
  env: Environment,
  write: ObjectWrite,
  { value, last }: { readonly value: KubernetesObject; readonly last: KubernetesObject | undefined },
): Promise<WriteOutcome> {
  if (last === undefined || write.dryRun) return await removeObject(env, write, last ?? value)
  const marked = await putObject(env, { ...write, also: [] }, last)
  if (marked.kind === 'lost') return marked
  const modRevision = Number(marked.object.metadata.resourceVersion)
  return await removeObject(env, { ...write, modRevision }, marked.object)
}

/** Deletes what the query selects, one by one. @returns what was selected */
export async function deleteCollection(
  env: Environment,
  resource: ResourceInfo,
  query: ListQuery,
  options: DeleteOptions,
  context: RequestContext,
): Promise<ListResult> {
  const selected = await afterConversion(() => listObjects(env, resource, query))
  await Promise.all(
    selected.items.map(async ({ metadata: { name, namespace } }) => {
      try {
        await deleteOne(env, { resource, name: { namespace, name }, options, context, isOfCollection: true })
      } catch (error) {
        // Somebody else was faster.
        if (!(error instanceof ApiError && error.reason === 'NotFound')) throw error
      }
    }),
  )
  return selected
}

function checkPreconditions(resource: ResourceInfo, object: KubernetesObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {}
  const check = (
    what: string,
    wanted: string | undefined,
    found: string | undefined,
    happened: string,
  ): void => {
    if (wanted === undefined || wanted === found) return
    const detail = `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${found ?? ''}). `
    // Upstream names the kind, where all other conflicts name the resource.
    const { group, kind } = resource
    const { name } = object.metadata
    throw conflict({ group, resource: kind }, name, `${detail}The object might have been ${happened}`)
  }
  check('UID', uid, object.metadata.uid, 'deleted and then recreated')
  check('ResourceVersion', resourceVersion, object.metadata.resourceVersion, 'modified')
}

export type DeletionPlan =
  /** `last`: the state it has to be seen in before */
  | { readonly kind: 'remove'; readonly last?: KubernetesObject }
  /** already on its way out, and not to be hurried */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'mark'; readonly object: KubernetesObject }

type DeletionWish = DeleteOptions & { readonly orphansByDefault: boolean }

/** What a delete request does to the object. Pure. */
export function planDeletion(
  resource: ResourceInfo,
  object: KubernetesObject,
  options: DeletionWish,
  nowMs: number,
): DeletionPlan {
  if (isDefinition(resource)) return definitionDeletion(object, options, nowMs)
  const grace = gracefulDeletion(resource, object, options, nowMs)
  if (grace === 'pending') return { kind: 'unchanged' }
  const finalizers = finalizersAfter(object.metadata.finalizers ?? [], options)
  const isHeld = finalizers.length > 0 || ownFinalizers(resource, object).length > 0
  const seconds = grace?.deletionGracePeriodSeconds ?? 0
  const marks = grace ?? markedNow(object.metadata, nowMs)
  const { finalizers: _, ...rest } = object.metadata
  const metadata = {
    ...rest,
    ...marks,
    ...(finalizers.length > 0 ? { finalizers } : {}),
    ...higherGeneration(object),
  }
  const marked = withTerminatingPhase(resource, { ...object, metadata })
  if (!isHeld && seconds === 0) return { kind: 'remove', ...(grace === undefined ? {} : { last: marked }) }
  return isSameMark(marked.metadata, object.metadata)
    ? { kind: 'unchanged' }
    : { kind: 'mark', object: marked }
}

const isDefinition = ({ group, resource }: ResourceInfo): boolean =>
  group === CUSTOM_RESOURCE_DEFINITIONS.group && resource === CUSTOM_RESOURCE_DEFINITIONS.resource

/** Definitions go when their objects have gone. */
function definitionDeletion(object: KubernetesObject, options: DeletionWish, nowMs: number): DeletionPlan {
  if (object.metadata.deletionTimestamp !== undefined) return { kind: 'unchanged' }
  const finalizers = finalizersAfter(object.metadata.finalizers ?? [], options)
  return { kind: 'mark', object: markedDefinition(object as CustomResourceDefinition, finalizers, nowMs) }
}

interface DeletionMarks {
  readonly deletionTimestamp: string
  readonly deletionGracePeriodSeconds: number
}

/** Only pods end gracefully. undefined: no grace applies; 'pending': a deletion is under way and stays as it is. */
function gracefulDeletion(
  resource: ResourceInfo,
  object: KubernetesObject,
  options: DeleteOptions,
  nowMs: number,
): DeletionMarks | 'pending' | undefined {
  if (resource.resource !== 'pods' || resource.group !== '') return undefined
  const { deletionTimestamp, deletionGracePeriodSeconds: before } = object.metadata
  const asked = options.gracePeriodSeconds
  if (deletionTimestamp === undefined) {
    const seconds = podGracePeriod(object as Pod, asked)
    return { deletionTimestamp: timestamp(nowMs + seconds * 1000), deletionGracePeriodSeconds: seconds }
  }
  if (!before) return undefined
  // A later request can only shorten it.
  const seconds = asked === undefined ? before : Math.max(asked, asked < 0 ? 1 : 0)
  if (seconds >= before) return 'pending'
  const startedMs = (parseTimestamp(deletionTimestamp) ?? nowMs) - before * 1000
  return { deletionTimestamp: timestamp(startedMs + seconds * 1000), deletionGracePeriodSeconds: seconds }
}

/** In seconds; nothing has to end gracefully that never began or is over. */
function podGracePeriod(pod: Pod, asked: number | undefined): number {
  const phase = pod.status?.phase
  if (!pod.spec.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0
  const seconds = asked ?? pod.spec.terminationGracePeriodSeconds ?? 0
  return seconds < 0 ? 1 : seconds
}

function markedNow(metadata: NamedMeta, nowMs: number): DeletionMarks {
  return { deletionTimestamp: metadata.deletionTimestamp ?? timestamp(nowMs), deletionGracePeriodSeconds: 0 }
}

const GC_FINALIZERS = { Orphan: 'orphan', Foreground: 'foregroundDeletion' } as const

/** The garbage collector's finalizers follow the request; without a wish those already there stay, or the kind's come. */
function finalizersAfter(
  finalizers: readonly string[],
  { propagationPolicy, orphansByDefault }: DeletionWish,
): readonly string[] {
  const others = finalizers.filter(
    (each) => each !== GC_FINALIZERS.Orphan && each !== GC_FINALIZERS.Foreground,
  )
  if (propagationPolicy === undefined) {
    const isSaid = others.length < finalizers.length
    return isSaid || !orphansByDefault ? finalizers : [...finalizers, GC_FINALIZERS.Orphan]
  }
  return propagationPolicy === 'Background' ? others : [...others, GC_FINALIZERS[propagationPolicy]]
}

/** Counted once, when the deletion begins. */
function higherGeneration({ metadata }: KubernetesObject): { generation?: number } {
  const { deletionTimestamp, generation } = metadata
  return deletionTimestamp === undefined && generation ? { generation: generation + 1 } : {}
}

function withTerminatingPhase(resource: ResourceInfo, object: KubernetesObject): KubernetesObject {
  if (resource.resource !== NAMESPACES.resource || resource.group !== '') return object
  const { status } = object as AnyObject
  return { ...object, status: { ...(status as object), phase: 'Terminating' } } as KubernetesObject
}

const isSameMark = (a: NamedMeta, b: NamedMeta): boolean =>
  a.deletionTimestamp === b.deletionTimestamp &&
  a.deletionGracePeriodSeconds === b.deletionGracePeriodSeconds &&
  (a.finalizers ?? []).join() === (b.finalizers ?? []).join()
