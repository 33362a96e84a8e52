/**
 * Admission of what is sent and never stored: bindings, evictions, requests for tokens, reviews, connections. Mutating
 * webhooks may change it, policies and validating webhooks refuse it.
 *
 * kubernetes/apiserver pkg/endpoints/handlers/{create,rest}.go.
 */

import type { KubernetesObject, ObjectName } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import type { AdmissionRequest } from '../admission/admission-request.ts'
import { restrictNodeToken } from '../admission/node-tokens.ts'
import { restrictNode } from '../admission/node-restriction.ts'
import { changedByWebhooks, judgeBeyond } from './admit.ts'
import { clusterView } from '../registry/cluster-view.ts'
import type { Environment } from '../registry/environment.ts'
import type { RequestContext } from '../registry/registry.ts'

export interface PartRequest {
  readonly operation: 'create' | 'connect'
  readonly resource: ResourceInfo
  /** '' for a kind of its own */
  readonly subresource: string
  /** its name is '' where the request has none */
  readonly name: ObjectName
  readonly context: RequestContext
}

/** The two steps of an admission; what is sent is checked in between. Both reject with ApiError. */
export interface PartAdmission {
  /** @param sent decoded, with its kind. @returns it as the mutating webhooks want it */
  readonly change: <T extends object>(sent: T) => Promise<T>
  readonly judge: (sent: object) => Promise<void>
}

/** Lets everything through as it is. */
export const ADMITTED_PART: PartAdmission = {
  change: (sent) => Promise.resolve(sent),
  judge: () => Promise.resolve(),
}

export function partAdmission(env: Environment, part: PartRequest): PartAdmission {
  const { operation, resource, subresource, name, context } = part
  const cluster = clusterView(env.store)
  const requestOf = (sent: object): AdmissionRequest => ({
    operation,
    resource,
    subresource,
    namespace: name.namespace,
    name: name.name,
    object: sent as KubernetesObject,
    old: undefined,
    context,
    random: env.random,
  })
  return {
    // What webhooks make of a kind is of that kind.
    change: async <T extends object>(sent: T) => {
      const request = requestOf(sent)
      if (env.plugins.has('NodeRestriction')) {
        restrictNode(request, cluster)
        restrictNodeToken(request, cluster, env.access)
      }
      return (await changedByWebhooks(env, request, cluster)) as object as T
    },
    judge: (sent) => judgeBeyond(env, requestOf(sent), cluster),
  }
}
