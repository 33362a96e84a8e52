/**
 * Holds requests against ValidatingAdmissionPolicies by way of their bindings. Pure but for what it remembers:
 * policies are compiled when they are first needed, and again once they change.
 *
 * kubernetes/apiserver pkg/admission/plugin/policy/{generic,validating}.
 */

import type { Environment } from '@marcbachmann/cel-js'
import { evaluatingEnvironment } from '../../../api/cel/admission-environment.ts'
import type { Authorize } from '../../../api/cel/authorizer.ts'
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../api/generated/admissionregistration-v1.ts'
import type { KubernetesObject } from '../../../api/object.ts'
import type { ResourceInfo } from '../../../api/resource.ts'
import {
  NAMESPACES,
  VALIDATING_ADMISSION_POLICIES,
  VALIDATING_ADMISSION_POLICY_BINDINGS,
} from '../../../api/scheme.ts'
import type { ServedKinds } from '../../registry/kinds.ts'
import type { AdmissionRequest, ClusterView } from '../admission-request.ts'
import { isNamespaces } from '../matching.ts'
import type { Denial } from './compiled-policy.ts'
import { CompiledPolicy } from './compiled-policy.ts'
import type { PolicyDenial } from './denied.ts'
import { denied } from './denied.ts'
import { matchedResource } from './match.ts'
import { ConfigurationError, paramResource, paramsOf } from './params.ts'
import { SeenRequest } from '../seen.ts'

export interface PoliciesOptions {
  readonly kinds: ServedKinds
  /** answers `authorizer` in expressions */
  readonly authorize: Authorize
}

type Policy = ValidatingAdmissionPolicy
type Binding = ValidatingAdmissionPolicyBinding

/** One request, with what it takes to look at it. */
interface Case {
  readonly request: AdmissionRequest
  readonly cluster: ClusterView
  readonly seen: SeenRequest
}

export class AdmissionPolicies {
  readonly #options: PoliciesOptions
  readonly #compiled = new WeakMap<KubernetesObject, CompiledPolicy>()
  #environment: Environment | undefined

  constructor(options: PoliciesOptions) {
    this.#options = options
  }

  /** @throws ApiError when a policy refuses the request */
  judge(request: AdmissionRequest, cluster: ClusterView): void {
    const bindings = cluster.list(VALIDATING_ADMISSION_POLICY_BINDINGS) as readonly Binding[]
    if (bindings.length === 0 || isExempt(request)) return
    const { kinds, authorize } = this.#options
    const seen = new SeenRequest(request, { kinds, authorize, namespace: namespaceOf(request, cluster) })
    const denials = this.#bound(bindings, cluster).flatMap(([policy, of]) =>
      this.#denials(policy, of, { request, cluster, seen }),
    )
    const [first] = denials
    if (first !== undefined) throw denied(request, first)
  }

  /** Policies with their bindings, by name. */
  #bound(
    bindings: readonly Binding[],
    cluster: ClusterView,
  ): readonly (readonly [Policy, readonly Binding[]])[] {
    const byPolicy = Map.groupBy(bindings, ({ spec }) => spec.policyName)
    return [...byPolicy]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, of]) => {
        const policy = cluster.get(VALIDATING_ADMISSION_POLICIES, { name }) as Policy | undefined
        return policy === undefined ? [] : [[policy, of] as const]
      })
  }

  #denials(policy: Policy, bindings: readonly Binding[], which: Case): readonly PolicyDenial[] {
    const { kinds } = this.#options
    const { spec } = policy
    const matched = matchedResource(spec.matchConstraints, which.request, which.cluster, kinds)
    if (matched === undefined) return []
    const configured = attempt(() => spec.paramKind && paramResource(spec.paramKind, kinds))
    if ('error' in configured) return misconfigured(policy, undefined, configured.error)
    return bindings.flatMap((binding) => {
      const within = { policy, binding, matched, resource: configured.value }
      if (matchedResource(binding.spec.matchResources, which.request, which.cluster, kinds) === undefined)
        return []
      return this.#bindingDenials(within, which)
    })
  }

  #bindingDenials(
    { policy, binding, matched, resource }: BoundPolicy,
    { request, cluster, seen }: Case,
  ): readonly PolicyDenial[] {
    const place = {
      resource,
      namespace: isNamespaces(request.resource) ? request.object.metadata.name : request.namespace,
    }
    const found = attempt(() => paramsOf(binding.spec.paramRef, place, cluster, this.#options.kinds))
    if ('error' in found) return misconfigured(policy, binding, found.error)
    const compiled = this.#compiledPolicy(policy)
    const all = found.value.flatMap((param) => compiled.denials(seen.as(matched, param)))
    return acted(all, policy, binding, request)
  }

  #compiledPolicy(policy: Policy): CompiledPolicy {
    const known = this.#compiled.get(policy)
    if (known !== undefined) return known
    this.#environment ??= evaluatingEnvironment()
    const compiled = new CompiledPolicy(policy, this.#environment)
    this.#compiled.set(policy, compiled)
    return compiled
  }
}

interface BoundPolicy {
  readonly policy: Policy
  readonly binding: Binding
  readonly matched: ResourceInfo
  readonly resource: ResourceInfo | undefined
}

/** What the binding says is to be done with what is against the request; there is no audit log. */
function acted(
  denials: readonly Denial[],
  policy: Policy,
  binding: Binding,
  { context }: AdmissionRequest,
): readonly PolicyDenial[] {
  const actions = binding.spec.validationActions ?? []
  const names = `ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}'`
  if (actions.includes('Warn'))
    for (const { message } of denials) context.warn(`Validation failed for ${names}: ${message}`)
  return actions.includes('Deny') ? denials.map((denial) => ({ ...denial, policy, binding })) : []
}

function misconfigured(policy: Policy, binding: Binding | undefined, error: Error): readonly PolicyDenial[] {
  if (policy.spec.failurePolicy === 'Ignore') return []
  const what = binding === undefined ? 'policy' : 'binding'
  return [{ policy, binding, message: `failed to configure ${what}: ${error.message}` }]
}

function attempt<T>(work: () => T): { readonly value: T } | { readonly error: ConfigurationError } {
  try {
    return { value: work() }
  } catch (error) {
    if (error instanceof ConfigurationError) return { error }
    throw error
  }
}

/** The namespace an object is in; a namespace is in none. */
function namespaceOf(
  { resource, namespace }: AdmissionRequest,
  cluster: ClusterView,
): KubernetesObject | undefined {
  if (namespace === undefined || isNamespaces(resource)) return undefined
  return cluster.get(NAMESPACES, { name: namespace })
}

/** Policies are out of their own reach: nobody could mend a broken one. */
const isExempt = ({ resource }: AdmissionRequest): boolean =>
  resource.group === VALIDATING_ADMISSION_POLICIES.group &&
  [VALIDATING_ADMISSION_POLICIES.kind, VALIDATING_ADMISSION_POLICY_BINDINGS.kind].includes(resource.kind)
