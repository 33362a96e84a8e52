/**
 * The parameters a binding gives its policy. Pure.
 * kubernetes/apiserver pkg/admission/plugin/policy/generic/policy_dispatcher.go (CollectParams), policy_source.go.
 */

import type { ParamKind, ParamRef } from '../../../api/generated/admissionregistration-v1.ts'
import type { KubernetesObject } from '../../../api/object.ts'
import type { ResourceInfo } from '../../../api/resource.ts'
import { apiVersionOf } from '../../../api/resource.ts'
import { isStored } from '../../../api/scheme.ts'
import { matchesLabelSelector } from '../../../api/selectors.ts'
import type { ServedKinds } from '../../registry/kinds.ts'
import type { ClusterView } from '../admission-request.ts'

/** A policy or a binding that cannot be used as it is. */
export class ConfigurationError extends Error {}

/** @throws ConfigurationError when there is no such resource */
export function paramResource({ apiVersion, kind }: ParamKind, kinds: ServedKinds): ResourceInfo {
  const found = kinds.resources.find(
    (each) => each.kind === kind && apiVersionOf(each) === apiVersion && isStored(each),
  )
  if (found !== undefined) return found
  const version = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`
  throw new ConfigurationError(`failed to find resource referenced by paramKind: '${version}, Kind=${kind}'`)
}

export interface ParamPlace {
  /** undefined: the policy has no parameters */
  readonly resource: ResourceInfo | undefined
  /** the request's; undefined at the cluster scope */
  readonly namespace: string | undefined
}

/** @returns the parameters, null for none. @throws ConfigurationError */
export function paramsOf(
  ref: ParamRef | undefined,
  { resource, namespace }: ParamPlace,
  cluster: ClusterView,
  kinds: ServedKinds,
): readonly (KubernetesObject | null)[] {
  if (resource === undefined || ref === undefined) return [null]
  const within = placeOf(ref, resource, namespace)
  const found = chosen(ref, resource, within, cluster)
  if (found.length === 0 && ref.parameterNotFoundAction === 'Deny')
    throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction')
  const { fromStorage = (object: KubernetesObject) => object } = kinds.of(resource)
  return found.map(fromStorage)
}

function placeOf(ref: ParamRef, resource: ResourceInfo, namespace: string | undefined): string | undefined {
  if (!resource.namespaced) {
    if (!ref.namespace) return undefined
    throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  }
  const within = ref.namespace || namespace
  if (within) return within
  throw new ConfigurationError(
    'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
  )
}

function chosen(
  { name, selector }: ParamRef,
  resource: ResourceInfo,
  namespace: string | undefined,
  cluster: ClusterView,
): readonly KubernetesObject[] {
  if (name) {
    const found = cluster.get(resource, { name, namespace })
    return found === undefined ? [] : [found]
  }
  return cluster
    .list(resource, namespace)
    .filter(({ metadata }) => matchesLabelSelector(selector, metadata.labels))
}
