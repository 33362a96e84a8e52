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
  /** of a namespace as it is now; undefined: there is none */
  readonly namespaceLabels?: (namespace: string) => Readonly<Record<string, string>> | undefined
}

/** Who writes. */
export interface Requester {
  readonly name: string
  readonly groups: readonly string[]
  readonly uid?: string | undefined
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined
}

/** How a sub-resource that is a part of the object is written. */
export interface PartRules<T extends KubernetesObject> {
  /** The object with only that part changed. @param now RFC 3339 */
  readonly prepare: (object: T, old: T, now: string) => T
  readonly validate: (object: T, old: T) => readonly FieldError[]
}

/** `T` is the kind's type; each function leaves its arguments as they are and returns a new object. */
export interface KindRules<T extends KubernetesObject = KubernetesObject> {
  /** Fills absent fields (kubernetes/kubernetes pkg/apis/GROUP/VERSION/defaults.go). Idempotent. */
  readonly setDefaults: (object: T) => T
  /** Whether metadata.generation counts changes of spec. */
  readonly hasGeneration: boolean
  /** The kind that faults speak of, where objects are judged as those of another. */
  readonly judgedAs?: { readonly group: string; readonly kind: string }
  /** Whether a new object's generation is 1. */
  readonly startsGeneration: boolean
  /** Whether metadata.generation counts changes of labels, too. */
  readonly countsLabels?: boolean
  /** Whether status is written through /status only (and dropped on create). */
  readonly hasStatus: boolean
  /** Whether a new object may bring its status along, as kubelets make their Nodes. */
  readonly createsStatus?: boolean
  /** What a new object's status says before anyone wrote one: what Go prints of an empty struct. */
  readonly newStatus?: Readonly<Record<string, unknown>> | undefined
  /** Whether an update must say which version it is of (AllowUnconditionalUpdate is false). */
  readonly requiresRevision?: boolean
  /** Whether an update may make the object (AllowCreateOnUpdate). */
  readonly createsOnUpdate?: boolean
  /** Whether a deletion answers with the object itself (ReturnDeletedObject). */
  readonly returnsDeleted?: boolean
  /** Whether a deletion without propagationPolicy lets the dependents live (DefaultGarbageCollectionPolicy). */
  readonly orphansDependents?: boolean
  /** What to tell who deletes without propagationPolicy. */
  readonly deletionWarning?: string
  /** Whether a new object without a name gets a random one. */
  readonly namesItself?: boolean
  /** What the server fills in of a new object from whoever makes it. */
  readonly prepareForCreate?: (object: T, user: Requester) => T
  /** What is reckoned of a new object once admission has made it what it will be. */
  readonly settle?: (object: T) => T
  /** What to tell of an object that is not settled yet. */
  readonly settleWarnings?: (object: T) => readonly string[]
  /** As settle, of an update: what is dropped here has an owner and counts as a change. */
  readonly settleUpdate?: (object: T, old: T) => T
  /** Sub-resources that are not written as usual; the usual one is `status`. */
  readonly parts?: Readonly<Record<string, PartRules<T>>>
  /** Extra preparation on update: dropping fields a new Service type does not use, keeping allocated ones. */
  readonly prepareForUpdate?: (object: T, old: T) => T
  /** What an update of status keeps from before, or drops. */
  readonly prepareStatus?: (object: T, old: T) => T
  /** All faults, in upstream's order; empty when valid. Runs on the defaulted object. */
  readonly validateCreate: (object: T, facts: ClusterFacts) => readonly FieldError[]
  readonly validateUpdate: (object: T, old: T, facts: ClusterFacts) => readonly FieldError[]
  readonly validateStatus?: (object: T, old: T, facts: ClusterFacts) => readonly FieldError[]
  /** What to tell who asks for such objects in any way. */
  readonly deprecation?: string
  /** What to tell who writes such an object, as `Warning` headers; it does not stop the write. */
  readonly warnings?: (object: T, old: T | undefined) => readonly string[]
  /** What to tell who changes such an object in any part, status included, beside that. */
  readonly changeWarnings?: (object: T, old: T) => readonly string[]
  /** Fields a field selector may name beyond metadata.name and metadata.namespace. */
  readonly selectableFields?: (object: T) => Readonly<Record<string, string>>
}
