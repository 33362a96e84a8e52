/**
 * Evicting pods: deleting them as far as PodDisruptionBudgets allow it
 * (kubernetes/kubernetes pkg/registry/core/pod/storage/eviction.go).
 */

import { ApiError, badRequest, isApiError, notFound } from '../../api/api-error.ts'
import { disruptionOutcome, statusOf, withDisruptionCondition } from '../../api/disruption-budget.ts'
import type { Pod, PodCondition } from '../../api/generated/core-v1.ts'
import type { PodDisruptionBudget } from '../../api/generated/policy-v1.ts'
import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import { POD_DISRUPTION_BUDGETS, PODS } from '../../api/scheme.ts'
import { matchesLabelSelector } from '../../api/selectors.ts'
import { timestamp } from '../../api/timestamp.ts'
import type { DeleteOptions } from '../../client/client.ts'
import type { PartAdmission } from './admit-part.ts'
import { ADMITTED_PART } from './admit-part.ts'
import { deleteAdmitted } from './delete.ts'
import type { Environment } from '../registry/environment.ts'
import { decodeSubresourceBody, withRequestNamespace } from '../requests/decode-body.ts'
import { isObject } from '../requests/json-value.ts'
import { getObject, listObjects } from './list.ts'
import { withCondition } from './pod-subresources.ts'
import type { RequestContext } from '../registry/registry.ts'
import { storageKey } from '../registry/storage-key.ts'
import type { Wanted } from './update.ts'
import { updateObject } from './update.ts'

interface Eviction {
  readonly metadata?: { readonly name?: string }
  readonly deleteOptions?: Omit<DeleteOptions, 'dryRun'> & { readonly dryRun?: readonly string[] }
}

/** The older version says the same. */
const kindOf = (body: unknown) => ({
  group: 'policy',
  version: isObject(body) && body['apiVersion'] === 'policy/v1beta1' ? 'v1beta1' : 'v1',
  kind: 'Eviction',
})

/** More evictions than that nobody confirmed: the controller is away (MaxDisruptedPodSize). */
const MAX_DISRUPTED = 2000
const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget."
const RETRY_SECONDS = 10

/** Rejects with ApiError TooManyRequests when a budget does not allow it. */
export async function evictPod(
  env: Environment,
  name: ObjectName,
  body: unknown,
  context: RequestContext,
  admission: PartAdmission,
): Promise<void> {
  const given = decodeSubresourceBody(kindOf(body), body, context)
  const sent = await admission.change(withRequestNamespace(given, name.namespace) as Eviction)
  const { metadata, deleteOptions = {} } = sent
  if (metadata?.name !== name.name) throw badRequest('name in URL does not match name in Eviction object')
  const dryRun = context.dryRun || (deleteOptions.dryRun ?? []).includes('All')
  const eviction: OneEviction = {
    env,
    name,
    context: { ...context, dryRun },
    options: { ...deleteOptions, dryRun },
  }
  await admission.judge(sent)
  const pod = getObject(env, PODS, name) as Pod
  if (isOfNoBudget(pod)) return await evictUncounted(eviction)
  const budget = budgetOf(env, pod)
  if (budget === undefined) return await remove(eviction)
  if (mayGoUnhealthy(pod, budget)) return await removeAsSeen(eviction, pod, budget)
  await spend(eviction, budget)
  await remove(eviction)
}

interface OneEviction {
  readonly env: Environment
  readonly name: ObjectName
  readonly context: RequestContext
  readonly options: DeleteOptions
}

/** Pods that do no work, or are going already. */
const isOfNoBudget = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp !== undefined || ['Succeeded', 'Failed', 'Pending'].includes(status?.phase ?? '')

/** What is pending now may be at work when it is to be deleted: then it is looked at again. */
async function evictUncounted(eviction: OneEviction): Promise<void> {
  const { env, name, context, options } = eviction
  const pod = getObject(env, PODS, name) as Pod
  const isFixed = options.preconditions?.resourceVersion !== undefined
  if (pod.status?.phase !== 'Pending' || pod.metadata.deletionTimestamp !== undefined || isFixed)
    return await remove(eviction)
  try {
    await remove(onlyAsSeen(eviction, pod))
  } catch (error) {
    if (!isApiError(error, 'Conflict')) throw error
    // It is another pod than was meant, and stays so.
    const now = env.store.get(storageKey(PODS, name))?.value.metadata.resourceVersion
    if (now === pod.metadata.resourceVersion) throw error
    const body = { metadata: { name: name.name }, deleteOptions: { ...options, dryRun: undefined } }
    await evictPod(env, name, body, context, ADMITTED_PART)
  }
}

function onlyAsSeen(eviction: OneEviction, { metadata }: Pod): OneEviction {
  const { resourceVersion } = metadata
  const preconditions = { ...eviction.options.preconditions, ...(resourceVersion ? { resourceVersion } : {}) }
  return { ...eviction, options: { ...eviction.options, preconditions } }
}

/** @throws ApiError InternalError when there are several: it is not known whose turn it is */
function budgetOf(env: Environment, { metadata }: Pod): PodDisruptionBudget | undefined {
  const { namespace, labels } = metadata
  const { items } = listObjects(env, POD_DISRUPTION_BUDGETS, { namespace })
  const [budget, ...others] = (items as readonly PodDisruptionBudget[]).filter(
    ({ spec }) => spec?.selector !== undefined && matchesLabelSelector(spec.selector, labels),
  )
  if (others.length > 0)
    throw new ApiError(
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  return budget
}

/** A pod that is not ready is no loss: always, or as long as enough others are. */
function mayGoUnhealthy({ status }: Pod, budget: PodDisruptionBudget): boolean {
  const isReady = status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True')
  if (isReady) return false
  const { currentHealthy = 0, desiredHealthy = 0 } = statusOf(budget)
  const isCovered = desiredHealthy > 0 && currentHealthy >= desiredHealthy
  return budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow' || isCovered
}

/** Deletes the pod as long as it is the one that was looked at: it may have become ready. */
async function removeAsSeen(eviction: OneEviction, pod: Pod, budget: PodDisruptionBudget): Promise<void> {
  try {
    await remove(onlyAsSeen(eviction, pod))
  } catch (error) {
    const isOwn = eviction.options.preconditions?.resourceVersion === undefined
    throw isOwn && isApiError(error, 'Conflict') ? beingProcessed(budget.metadata.name) : error
  }
}

const tooMany = (message: string, retryAfterSeconds?: number): ApiError =>
  new ApiError('TooManyRequests', VIOLATION, {
    details: {
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      causes: [{ reason: 'DisruptionBudget', message }],
    },
  })

const beingProcessed = (budget: string): ApiError =>
  tooMany(`The disruption budget ${budget} is still being processed by the server.`, RETRY_SECONDS)

/** Takes one disruption from the budget, of however many ask at once. */
async function spend({ env, name, context }: OneEviction, { metadata }: PodDisruptionBudget): Promise<void> {
  const budgetName = { namespace: metadata.namespace, name: metadata.name }
  const now = timestamp(env.clock.now())
  const wanted = (current: KubernetesObject | undefined): Wanted => {
    if (current === undefined) throw notFound(POD_DISRUPTION_BUDGETS, metadata.name)
    return { object: spent(current as PodDisruptionBudget, name.name, now), isFinal: true }
  }
  const request = {
    resource: POD_DISRUPTION_BUDGETS,
    name: budgetName,
    subresource: 'status',
    context,
    wanted,
  }
  await updateObject(env, request)
}

/** @returns the budget with one less to spend. @throws ApiError when there is none */
export function spent(budget: PodDisruptionBudget, pod: string, now: string): PodDisruptionBudget {
  const { name, generation = 0 } = budget.metadata
  const status = statusOf(budget)
  const { disruptionsAllowed: allowed = 0, desiredHealthy, currentHealthy, disruptedPods = {} } = status
  const refused = (why: string): ApiError =>
    new ApiError('Forbidden', `poddisruptionbudget.policy ${JSON.stringify(name)} is forbidden: ${why}`, {
      details: { name, group: 'policy', kind: 'poddisruptionbudget' },
    })
  if ((status.observedGeneration ?? 0) < generation) throw beingProcessed(name)
  if (allowed < 0) throw refused('pdb disruptions allowed is negative')
  if (Object.keys(disruptedPods).length > MAX_DISRUPTED)
    throw refused('DisruptedPods map too big - too many evictions not confirmed by PDB controller')
  if (allowed === 0)
    throw tooMany(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    )
  const less = {
    ...status,
    disruptionsAllowed: allowed - 1,
    disruptedPods: { ...disruptedPods, [pod]: now },
  }
  return {
    ...budget,
    status: allowed === 1 ? withDisruptionCondition(less, disruptionOutcome(0), now) : less,
  }
}

/** Deletes the pod as its eviction says, after noting why in its conditions. */
async function remove({ env, name, context, options }: OneEviction): Promise<void> {
  if (options.dryRun) {
    await deleteAdmitted(env, PODS, name, options, context)
    return
  }
  const marked = await markDisrupted(env, name, options, context)
  const { resourceVersion } = marked.metadata
  const isFixed = options.preconditions?.resourceVersion !== undefined
  const preconditions = isFixed && resourceVersion ? { ...options.preconditions, resourceVersion } : undefined
  await deleteAdmitted(env, PODS, name, { ...options, ...(preconditions ? { preconditions } : {}) }, context)
}

async function markDisrupted(
  env: Environment,
  name: ObjectName,
  { preconditions = {} }: DeleteOptions,
  context: RequestContext,
): Promise<KubernetesObject> {
  const wanted = (current: KubernetesObject | undefined): Wanted => {
    if (current === undefined) throw notFound(PODS, name.name)
    const pod = current as Pod
    refuseOther(pod, preconditions)
    const disrupted = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
      lastTransitionTime: timestamp(env.clock.now()),
    } as PodCondition
    const known = pod.status?.conditions?.some(
      ({ type, status }) => type === disrupted.type && status === 'True',
    )
    if (known) return { object: pod }
    const conditions = withCondition(pod.status?.conditions ?? [], disrupted)
    return { object: { ...pod, status: { ...pod.status, conditions } } as KubernetesObject }
  }
  const { object } = await updateObject(env, {
    resource: PODS,
    name,
    subresource: 'status',
    context,
    isAdmitted: true,
    wanted,
  })
  return object
}

/** @throws ApiError Conflict when the pod is not the one that was meant */
function refuseOther({ metadata }: Pod, wanted: NonNullable<DeleteOptions['preconditions']>): void {
  const refuse = (what: string, given: string, found: string, why: string): never => {
    const detail = `the ${what} in the precondition (${given}) does not match the ${what} in record (${found}). ${why}`
    throw new ApiError(
      'Conflict',
      `Operation cannot be fulfilled on Pod ${JSON.stringify(metadata.name)}: ${detail}`,
      { details: { name: metadata.name, kind: 'Pod' } },
    )
  }
  const { uid, resourceVersion } = wanted
  if (uid && uid !== metadata.uid)
    refuse('UID', uid, metadata.uid ?? '', 'The object might have been deleted and then recreated')
  if (resourceVersion && resourceVersion !== metadata.resourceVersion)
    refuse(
      'ResourceVersion',
      resourceVersion,
      metadata.resourceVersion ?? '',
      'The object might have been modified',
    )
}
