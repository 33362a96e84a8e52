/**
 * Admission of what is sent to a sub-resource and never stored: bindings, evictions, requests for tokens, connections.
 * Nothing changes it; policies and webhooks may refuse it.
 *
 * kubernetes/apiserver pkg/endpoints/handlers/{create,rest}.go.
 */

import type { KubernetesObject, ObjectName } from '../api/object.ts'
import type { ResourceInfo } from '../api/resource.ts'
import { apiVersionOf } from '../api/resource.ts'
import type { AdmissionRequest } from './admission/admission.ts'
import { restrictNodeToken } from './admission/node-tokens.ts'
import { restrictNode } from './admission/node-restriction.ts'
import { judgeBeyond } from './admit.ts'
import { clusterView } from './cluster-view.ts'
import type { Environment } from './environment.ts'
import { isObject } from './json-value.ts'
import type { RequestContext } from './registry.ts'

export interface PartRequest {
  readonly operation: 'create' | 'connect'
  readonly resource: ResourceInfo
  readonly subresource: string
  readonly name: ObjectName
  readonly context: RequestContext
}

/** Rejects with ApiError when a policy or a webhook refuses it. */
export async function judgePart(env: Environment, part: PartRequest, body: unknown): Promise<void> {
  const { operation, resource, subresource, name, context } = part
  const sent = isObject(body) ? body : {}
  const object = operation === 'connect' ? sent : named(sent, part)
  const request: AdmissionRequest = {
    operation,
    resource,
    subresource,
    namespace: name.namespace,
    name: name.name,
    object: object as unknown as KubernetesObject,
    old: undefined,
    context,
    random: env.random,
  }
  const cluster = clusterView(env.store)
  if (env.plugins.has('NodeRestriction')) {
    restrictNode(request, cluster)
    restrictNodeToken(request, cluster, env.access)
  }
  await judgeBeyond(env, request, cluster)
}

/** As it is once decoded: with its kind, under the name of the request. */
function named(
  body: Readonly<Record<string, unknown>>,
  { resource, subresource, name }: PartRequest,
): object {
  const {
    group = resource.group,
    version = resource.version,
    kind = resource.kind,
  } = resource.subresources.find((each) => each.name === subresource) ?? {}
  const { name: object, namespace } = name
  const metadata = { ...(isObject(body['metadata']) ? body['metadata'] : {}), name: object, namespace }
  return { ...body, apiVersion: apiVersionOf({ group, version }), kind, metadata }
}
