/**
 * The way of an object through admission, in upstream's order: changed, validated by its kind, judged, and charged to
 * the quotas of its namespace. Waits for webhooks only where there are any.
 */

import type { KubernetesObject } from '../../api/object.ts'
import { changed, judge } from '../admission/admission.ts'
import type { AdmissionRequest, ClusterView } from '../admission/admission-request.ts'
import { charges, QUOTAS } from '../admission/resource-quota.ts'
import { clusterView } from '../registry/cluster-view.ts'
import { afterConversion } from '../custom-resources/conversion/unconverted.ts'
import type { AlsoWritten } from '../registry/commit-object.ts'
import type { Environment } from '../registry/environment.ts'
import { storagePrefix } from '../registry/storage-key.ts'

export interface Admitted {
  readonly object: KubernetesObject
  /** quotas that are charged, to be written together with the object */
  readonly charges: readonly AlsoWritten[]
}

/**
 * @param validate throws ApiError Invalid for what the kind does not allow; @returns the object with what follows from it
 * Rejects with ApiError
 */
export async function admit(
  env: Environment,
  request: AdmissionRequest,
  validate: (object: KubernetesObject) => KubernetesObject,
): Promise<Admitted> {
  const cluster = clusterView(env.store)
  const first = changed(request, cluster, env.plugins)
  const hooked = await hookedBy(env, { ...request, object: first }, cluster)
  const { setDefaults } = env.kinds.of(request.resource).rules
  const validated = hooked === first ? first : setDefaults(hooked)
  const object = await afterConversion(() => validate(validated))
  const judged = { ...request, object }
  judge(judged, cluster, env.plugins)
  await judgeBeyond(env, judged, cluster)
  return { object, charges: charges(judged, quotasOf(env, request)) }
}

/** What webhooks make of the object. Rejects with ApiError */
export async function changedByWebhooks(
  env: Environment,
  request: AdmissionRequest,
  cluster: ClusterView,
): Promise<KubernetesObject> {
  const { webhooks, plugins } = env
  if (!webhooks || !plugins.has('MutatingAdmissionWebhook')) return request.object
  return await webhooks.change(request, cluster)
}

/** What policies and webhooks say of a request, which they may be shown otherwise. Rejects with ApiError */
export async function judgeBeyond(
  env: Environment,
  request: AdmissionRequest,
  cluster: ClusterView,
): Promise<void> {
  const seen = shownRequest(request)
  if (env.plugins.has('ValidatingAdmissionPolicy'))
    await afterConversion(() => env.policies.judge(seen, cluster))
  if (env.plugins.has('ValidatingAdmissionWebhook')) await env.webhooks?.judge(seen, cluster)
}

/** The request with its object and what that was before as policies and webhooks are to see them. */
function shownRequest(request: AdmissionRequest): AdmissionRequest {
  const { view, object, old } = request
  return view ? { ...request, object: view.show(object), old: old && view.show(old) } : request
}

/** @returns the object as the mutating webhooks want it; the same one when none changes it */
async function hookedBy(
  env: Environment,
  request: AdmissionRequest,
  cluster: ClusterView,
): Promise<KubernetesObject> {
  const seen = shownRequest(request)
  const hooked = await changedByWebhooks(env, seen, cluster)
  if (hooked === seen.object) return request.object
  return request.view?.change(request.object, hooked) ?? hooked
}

function quotasOf(env: Environment, { namespace }: AdmissionRequest) {
  return namespace === undefined || !env.plugins.has('ResourceQuota')
    ? []
    : env.store.range(storagePrefix(QUOTAS, namespace)).values
}
