/** How a kind's rules are written: what it says of itself, and what all kinds have in common. */

import type { FieldError } from '../field-error.ts'
import type { KubernetesObject } from '../object.ts'
import type { Resource } from '../resource.ts'
import { versionedResource } from '../resource.ts'
import type { ClusterFacts, KindRules, PartRules, Requester } from '../rules.ts'
import {
  validateGenerateName,
  validateKnownFinalizers,
  validateMetadata,
  validateMetadataUpdate,
} from '../validation/metadata.ts'
import { dnsSubdomainFaults } from '../validation/names.ts'

/** `apps/v1/deployments` and its rules */
export type RulesEntry = readonly [string, KindRules]

type Faults = readonly FieldError[]

/** What a kind says of itself; everything left out is the usual. */
export interface KindRow<T extends KubernetesObject> {
  readonly defaults?: (object: T) => T
  readonly validate?: (object: T) => Faults
  /** what comes before: whether the namespace allows it. @param old undefined: it is new, else its status is */
  readonly authorize?: (object: T, old: T | undefined, facts: ClusterFacts) => Faults
  /** default: as on create */
  readonly validateUpdate?: (object: T, old: T) => Faults
  readonly validateStatus?: (object: T, old: T) => Faults
  readonly prepareForCreate?: (object: T, user: Requester) => T
  readonly settle?: (object: T) => T
  readonly settleUpdate?: (object: T, old: T) => T
  readonly settleWarnings?: (object: T) => readonly string[]
  readonly parts?: Readonly<Record<string, PartRules<T>>>
  readonly prepareForUpdate?: (object: T, old: T) => T
  readonly prepareStatus?: (object: T, old: T) => T
  /** default: a DNS subdomain */
  readonly nameFaults?: (name: string) => readonly string[]
  readonly deprecation?: string
  readonly warnings?: (object: T, old: T | undefined) => readonly string[]
  /** default: the kind itself */
  readonly judgedAs?: { readonly group: string; readonly kind: string }
  /** whether updates are held against all that new metadata must be: names given to be completed, too */
  readonly judgesNamesAgain?: boolean
  readonly requiresRevision?: boolean
  readonly createsOnUpdate?: boolean
  readonly returnsDeleted?: boolean
  readonly namesItself?: boolean
  readonly orphansDependents?: boolean
  readonly deletionWarning?: string
  readonly hasGeneration?: boolean
  /** default: as hasGeneration */
  readonly startsGeneration?: boolean
  readonly countsLabels?: boolean
  readonly hasStatus?: boolean
  readonly createsStatus?: boolean
  /** default: empty, where there is a status */
  readonly newStatus?: Readonly<Record<string, unknown>>
  readonly selectableFields?: (object: T) => Readonly<Record<string, string>>
}

/** The groups whose validation is not that of the others. */
const isExtension = ({ group }: Resource<KubernetesObject>): boolean =>
  ['admissionregistration.k8s.io', 'apiextensions.k8s.io', 'apiregistration.k8s.io'].includes(group)

/** A status that brings no metadata along, but for who owns which field (metav1.ResetObjectMetaForStatus). */
export function withoutMetadata<T extends KubernetesObject>(object: T, old: T): T {
  const { managedFields } = object.metadata
  return { ...object, metadata: { ...old.metadata, ...(managedFields ? { managedFields } : {}) } }
}

/** @returns the entry of the table of rules */
export function row<T extends KubernetesObject>(resource: Resource<T>, own: KindRow<T>): RulesEntry {
  const { nameFaults = dnsSubdomainFaults, validate = () => [], validateStatus, authorize = () => [] } = own
  const { validateUpdate = validate } = own
  const { namespaced } = resource
  const finalizerFaults = isExtension(resource) ? () => [] : validateKnownFinalizers
  const rules: KindRules<T> = {
    setDefaults: own.defaults ?? ((object) => object),
    hasGeneration: own.hasGeneration ?? false,
    startsGeneration: own.startsGeneration ?? own.hasGeneration ?? false,
    hasStatus: own.hasStatus ?? false,
    createsStatus: own.createsStatus ?? false,
    newStatus: own.hasStatus ? (own.newStatus ?? {}) : undefined,
    requiresRevision: own.requiresRevision ?? false,
    createsOnUpdate: own.createsOnUpdate ?? false,
    returnsDeleted: own.returnsDeleted ?? false,
    orphansDependents: own.orphansDependents ?? false,
    countsLabels: own.countsLabels ?? false,
    namesItself: own.namesItself ?? false,
    validateCreate: (object, facts) => [
      ...authorize(object, undefined, facts),
      ...validateMetadata(object, { nameFaults, namespaced }),
      ...finalizerFaults(object),
      ...validate(object),
    ],
    validateUpdate: (object, old) => [
      ...validateMetadataUpdate(object, old),
      ...(own.judgesNamesAgain ? validateGenerateName(object, nameFaults) : []),
      ...finalizerFaults(object),
      ...validateUpdate(object, old),
    ],
    validateStatus: (object, old, facts) => [
      ...authorize(object, old, facts),
      ...validateMetadataUpdate(object, old),
      ...(validateStatus?.(object, old) ?? []),
    ],
    ...(own.judgedAs ? { judgedAs: own.judgedAs } : {}),
    ...(own.prepareForCreate ? { prepareForCreate: own.prepareForCreate } : {}),
    ...(own.settle ? { settle: own.settle } : {}),
    ...(own.settleWarnings ? { settleWarnings: own.settleWarnings } : {}),
    ...(own.settleUpdate ? { settleUpdate: own.settleUpdate } : {}),
    ...(own.parts ? { parts: own.parts } : {}),
    ...(own.prepareForUpdate ? { prepareForUpdate: own.prepareForUpdate } : {}),
    ...(own.prepareStatus ? { prepareStatus: own.prepareStatus } : {}),
    ...(own.deprecation ? { deprecation: own.deprecation } : {}),
    ...(own.deletionWarning ? { deletionWarning: own.deletionWarning } : {}),
    ...(own.warnings ? { warnings: own.warnings } : {}),
    ...(own.selectableFields ? { selectableFields: own.selectableFields } : {}),
  }
  // The key is the resource's, so that only objects of its kind get here; the map cannot say so.
  return [versionedResource(resource), rules as unknown as KindRules]
}
