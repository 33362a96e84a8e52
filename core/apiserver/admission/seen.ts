/**
 * A request as expressions see it: objects become CEL values once, and only for a policy that is about them. Pure.
 * kubernetes/apiserver pkg/admission/plugin/cel/{activation,condition}.go.
 */

import type { Authorize, ResourceQuestion } from '../../api/cel/authorizer.ts'
import { AuthorizerValue } from '../../api/cel/authorizer.ts'
import { celValue } from '../../api/cel/values.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { apiVersionOf, versionedResource } from '../../api/resource.ts'
import type { ServedKinds } from '../kinds.ts'
import type { AdmissionRequest } from './admission.ts'
import { requestObject } from './request-object.ts'
import { requestedName } from './matching.ts'
import type { Seen } from '../../api/cel/admission-program.ts'
import { namespaceView } from './namespace-view.ts'

export interface SeenOptions {
  readonly kinds: ServedKinds
  readonly authorize: Authorize
  readonly namespace: KubernetesObject | undefined
}

export class SeenRequest {
  readonly #request: AdmissionRequest
  readonly #options: SeenOptions
  readonly #versions = new Map<string, Omit<Seen, 'params'>>()

  constructor(request: AdmissionRequest, options: SeenOptions) {
    this.#request = request
    this.#options = options
  }

  /** @param matched in which version; @param params null: there are none */
  as(matched: ResourceInfo, params: KubernetesObject | null): Seen {
    const version = versionedResource(matched)
    const seen = this.#versions.get(version) ?? this.#in(matched)
    this.#versions.set(version, seen)
    return { ...seen, params: params === null ? null : celValue(params, undefined) }
  }

  #in(matched: ResourceInfo): Omit<Seen, 'params'> {
    const { operation, resource, object, old, context } = this.#request
    const { kinds, authorize, namespace } = this.#options
    const shown = (one: KubernetesObject | undefined): unknown =>
      one === undefined ? null : celValue(converted(one, resource, matched, kinds), undefined)
    return {
      object: operation === 'delete' ? null : shown(object),
      oldObject: shown(old),
      request: celValue(requestObject(this.#request, matched), undefined),
      namespaceObject: namespace === undefined ? null : namespaceView(namespace),
      authorizer: new AuthorizerValue({ user: context.user, authorize }, ownResource(this.#request)),
    }
  }
}

function converted(
  object: KubernetesObject,
  from: ResourceInfo,
  to: ResourceInfo,
  kinds: ServedKinds,
): KubernetesObject {
  if (versionedResource(from) === versionedResource(to) || object.apiVersion !== apiVersionOf(from))
    return object
  const same = (one: KubernetesObject): KubernetesObject => one
  const { toStorage = same } = kinds.of(from)
  const { fromStorage = same } = kinds.of(to)
  return fromStorage(toStorage(object))
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
