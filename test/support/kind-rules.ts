/** What a kind's rules say of an object, as a client would read it: decoded, defaulted, validated. */

import type { FieldError } from '../../core/api/field-error.ts'
import { fieldErrorMessage } from '../../core/api/field-error.ts'
import { rulesFor } from '../../core/api/kind-rules.ts'
import type { KubernetesObject } from '../../core/api/object.ts'
import type { Resource, ResourceInfo } from '../../core/api/resource.ts'
import { apiVersionOf } from '../../core/api/resource.ts'
import { strictDecode } from '../../core/api/strict-decode.ts'

const FACTS = { serviceCIDRs: ['10.96.0.0/16'], nodePortRange: { first: 30000, last: 32767 } }

const messages = (errors: readonly FieldError[]): readonly string[] => errors.map(fieldErrorMessage)

/** The body as an object of the kind, in namespace `ns` and named `x` unless it says otherwise; no defaults. */
export function decoded<T extends KubernetesObject>(resource: Resource<T>, body: object): T {
  const { metadata = {}, ...rest } = body as { metadata?: object }
  const where = resource.namespaced ? { namespace: 'ns' } : {}
  const whole = {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: { name: 'x', ...where, ...metadata },
    ...rest,
  }
  return strictDecode(resource, whole).object as T
}

/** As `decoded`, defaults set. */
export function defaulted<T extends KubernetesObject>(resource: Resource<T>, body: object): T {
  return rulesFor(resource).setDefaults(decoded(resource, body)) as T
}

/** As `defaulted`, with what the server gives to new objects. */
export function created<T extends KubernetesObject>(resource: Resource<T>, body: object): T {
  const rules = rulesFor(resource)
  const given = decoded(resource, body)
  return rules.setDefaults(rules.prepareForCreate?.(given, { name: 'test', groups: [] }) ?? given) as T
}

/** Messages for a new object. */
export function faultsOf(resource: ResourceInfo, body: object): readonly string[] {
  const rules = rulesFor(resource)
  const made = created(resource, body)
  return messages(rules.validateCreate(rules.settle?.(made) ?? made, FACTS))
}

/** Messages for a change, prepared as the registry does. */
export function updateFaultsOf(resource: ResourceInfo, body: object, old: object): readonly string[] {
  const rules = rulesFor(resource)
  const stored = created(resource, old)
  const wanted = defaulted(resource, body)
  const prepared = rules.prepareForUpdate?.(wanted, stored) ?? wanted
  return messages(rules.validateUpdate(rules.settleUpdate?.(prepared, stored) ?? prepared, stored, FACTS))
}

/** Messages for a change of status, prepared as the registry does. */
export function statusFaultsOf(resource: ResourceInfo, body: object, old: object): readonly string[] {
  const rules = rulesFor(resource)
  const stored = defaulted(resource, old)
  const wanted = defaulted(resource, body)
  const prepared = rules.prepareStatus?.(wanted, stored) ?? wanted
  return messages(rules.validateStatus?.(prepared, stored, FACTS) ?? [])
}
