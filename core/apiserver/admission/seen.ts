/**
 * A request as expressions see it: objects become CEL values once, and only for a policy that is about them. Pure.
 * kubernetes/apiserver pkg/admission/plugin/cel/{activation,condition}.go.
 */

import type { Authorize, ResourceQuestion } from '../../api/cel/authorizer.ts'
import { AuthorizerValue } from '../../api/cel/authorizer.ts'
import { celValue } from '../../api/cel/values.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { versionedResource } from '../../api/resource.ts'
import type { ServedKinds } from '../registry/kinds.ts'
import type { AdmissionRequest } from './admission-request.ts'
import { inVersion } from './equivalents.ts'
import { requestObject } from './request-object.ts'
import { requestedName } from './matching.ts'
import type { Seen } from '../../api/cel/admission-program.ts'
import { namespaceView } from './namespace-view.ts'

export interface SeenOptions {
  readonly kinds: ServedKinds
  readonly authorize: Authorize
  readonly namespace: KubernetesObject | undefined
}

/** One request, as an expression is to see it. */
export interface Sight {
  /** what is judged */
  readonly judged: Seen
  /** what matchConditions see: upstream tells them the matched kind, but the resource that was asked for */
  readonly conditions: Seen
}

type WithoutParams = Readonly<Record<keyof Sight, Omit<Seen, 'params'>>>

export class SeenRequest {
  readonly #request: AdmissionRequest
  readonly #options: SeenOptions
  readonly #versions = new Map<string, WithoutParams>()

  constructor(request: AdmissionRequest, options: SeenOptions) {
    this.#request = request
    this.#options = options
  }

  /** @param matched in which version; @param params null: there are none */
  as(matched: ResourceInfo, params: KubernetesObject | null): Sight {
    const version = versionedResource(matched)
    const seen = this.#versions.get(version) ?? this.#in(matched)
    this.#versions.set(version, seen)
    const given = { params: params === null ? null : celValue(params, undefined) }
    return { judged: { ...seen.judged, ...given }, conditions: { ...seen.conditions, ...given } }
  }

  #in(matched: ResourceInfo): WithoutParams {
    const { operation, resource, object, old, context } = this.#request
    const { kinds, authorize, namespace } = this.#options
    const shown = (one: KubernetesObject | undefined): unknown =>
      one === undefined ? null : celValue(inVersion(one, { from: resource, to: matched }, kinds), undefined)
    const request = requestObject(this.#request, matched)
    const judged = {
      object: operation === 'delete' ? null : shown(object),
      oldObject: shown(old),
      request: celValue(request, undefined),
      namespaceObject: namespace === undefined ? null : namespaceView(namespace),
      authorizer: new AuthorizerValue({ user: context.user, authorize }, ownResource(this.#request)),
    }
    if (matched === resource) return { judged, conditions: judged }
    const asked = { ...request, resource: request['requestResource'] }
    return { judged, conditions: { ...judged, request: celValue(asked, undefined) } }
  }
}

function ownResource(request: AdmissionRequest): ResourceQuestion {
  const { resource, subresource, namespace = '' } = request
  return {
    kind: 'resource',
    group: resource.group,
    version: '*',
    resource: resource.resource,
    subresource,
    namespace,
    name: requestedName(request),
  }
}
