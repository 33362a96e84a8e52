/**
 * What kube-apiserver does to an object of a kind on its way in: defaults, what clients may not set, validation.
 * Types; the table of rules by kind is ./kind-rules.ts. All of it is pure.
 */

import type { FieldError } from './field-error.ts'
import type { KubernetesObject } from './object.ts'

/** Facts of the cluster that defaults and validation depend on. */
export interface ClusterFacts {
  /** CIDRs that ClusterIPs come from: one for IPv4 */
  readonly serviceCIDRs: readonly string[]
  readonly nodePortRange: { readonly first: number; readonly last: number }
}

/** `T` is the kind's type; each function leaves its arguments as they are and returns a new object. */
export interface KindRules<T extends KubernetesObject = KubernetesObject> {
  /** Fills absent fields (kubernetes/kubernetes pkg/apis/GROUP/VERSION/defaults.go). Idempotent. */
  readonly setDefaults: (object: T) => T
  /** Whether metadata.generation counts changes of spec. */
  readonly hasGeneration: boolean
  /** Whether status is written through /status only (and dropped on create). */
  readonly hasStatus: boolean
  /** Whether an update must say which version it is of (AllowUnconditionalUpdate is false). */
  readonly requiresRevision?: boolean
  /** Whether an update may make the object (AllowCreateOnUpdate). */
  readonly createsOnUpdate?: boolean
  /** Whether a deletion answers with the object itself (ReturnDeletedObject). */
  readonly returnsDeleted?: boolean
  /** Extra preparation on update: dropping fields a new Service type does not use, keeping allocated ones. */
  readonly prepareForUpdate?: (object: T, old: T) => T
  /** All faults, in upstream's order; empty when valid. Runs on the defaulted object. */
  readonly validateCreate: (object: T, facts: ClusterFacts) => readonly FieldError[]
  readonly validateUpdate: (object: T, old: T, facts: ClusterFacts) => readonly FieldError[]
  readonly validateStatus?: (object: T, old: T) => readonly FieldError[]
  /** What to tell who writes such an object, as `Warning` headers; it does not stop the write. */
  readonly warnings?: (object: T, old: T | undefined) => readonly string[]
  /** Fields a field selector may name beyond metadata.name and metadata.namespace. */
  readonly selectableFields?: (object: T) => Readonly<Record<string, string>>
}
