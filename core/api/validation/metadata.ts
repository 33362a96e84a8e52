/** ObjectMeta of every kind (kubernetes/apimachinery pkg/api/validation/objectmeta.go). Pure. */

import type { ObjectMeta, OwnerReference } from '../generated/meta-v1.ts'
import type { KubernetesObject } from '../object.ts'
import type { Faults } from './faults.ts'
import {
  forbiddenField,
  immutable,
  invalidTexts,
  invalidValue,
  required,
  requiredText,
  tooLong,
  when,
} from './faults.ts'
import { validateLabels } from './label-selector.ts'
import { validateManagedFields } from './managed-fields.ts'
import { dnsLabelFaults, qualifiedNameFaults } from './names.ts'

const ANNOTATIONS_MAX_BYTES = 256 * 1024

export interface MetadataRules {
  readonly nameFaults: (name: string) => readonly string[]
  readonly namespaced: boolean
}

/** Faults of an object's metadata, names generated already. */
export function validateMetadata({ metadata }: KubernetesObject, rules: MetadataRules): Faults {
  const { name, namespace } = metadata
  return [
    ...ofNameBeginning(metadata, rules.nameFaults),
    ...(name
      ? invalidTexts('metadata.name', name, rules.nameFaults)
      : [required('metadata.name', 'name or generateName is required')]),
    ...(rules.namespaced ? requiredText('metadata.namespace', namespace, dnsLabelFaults) : []),
    ...when(!rules.namespaced && namespace, () =>
      forbiddenField('metadata.namespace', 'not allowed on this type'),
    ),
    ...when((metadata.generation ?? 0) < 0, () =>
      invalidValue('metadata.generation', metadata.generation, 'must be greater than or equal to 0'),
    ),
    ...validateLabels(metadata.labels, 'metadata.labels'),
    ...validateAnnotations(metadata.annotations, 'metadata.annotations'),
    ...validateOwners(metadata.ownerReferences ?? []),
    ...validateFinalizers(metadata.finalizers ?? []),
    ...validateManagedFields(metadata.managedFields ?? [], 'metadata.managedFields'),
  ]
}

/** Faults of what an old object's name was to begin with: upstream says of it first what no name may have in it. */
export function validateGenerateName(
  { metadata }: Pick<KubernetesObject, 'metadata'>,
  nameFaults: MetadataRules['nameFaults'],
): Faults {
  if (!metadata.generateName) return []
  return [...validatePrefix(metadata), ...ofNameBeginning(metadata, nameFaults)]
}

const ofNameBeginning = (
  { generateName = '' }: KubernetesObject['metadata'],
  nameFaults: MetadataRules['nameFaults'],
): Faults =>
  generateName === ''
    ? []
    : invalidTexts('metadata.generateName', generateName, (prefix) => nameFaults(maskTrailingDash(prefix)))

/** What no name may have in it, of whatever kind: it is a part of a path. */
const validatePrefix = ({ generateName = '' }: KubernetesObject['metadata']): Faults =>
  invalidTexts('metadata.generateName', generateName, (prefix) =>
    ['/', '%'].filter((letter) => prefix.includes(letter)).map((letter) => `may not contain '${letter}'`),
  )

/** A prefix may end in a dash: more characters follow. */
const maskTrailingDash = (prefix: string): string => prefix.replace(/(?<=.)-$/, 'a')

export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  field: string,
): Faults {
  const entries = Object.entries(annotations ?? {})
  const size = entries.flat().reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  return [
    ...entries.flatMap(([key]) =>
      invalidTexts(field, key, (text) => qualifiedNameFaults(text.toLowerCase())),
    ),
    ...when(size > ANNOTATIONS_MAX_BYTES, () => tooLong(field, ANNOTATIONS_MAX_BYTES)),
  ]
}

const TEMPLATE_FIELDS = ['labels', 'annotations']

/** Faults of the metadata of objects to be made of a template: labels and annotations, and nothing else. */
export function validateTemplateMetadata(metadata: ObjectMeta, at: string): Faults {
  return [
    ...validateAnnotations(metadata.annotations, `${at}.annotations`),
    ...validateLabels(metadata.labels, `${at}.labels`),
    ...Object.entries(metadata)
      .filter(([name, value]) => value !== undefined && !TEMPLATE_FIELDS.includes(name))
      // As Go's struct has it, with a small letter at its beginning.
      .map(([name]) => forbiddenField(`${at}.${name === 'uid' ? 'uID' : name}`, 'cannot be set')),
  ]
}

const OWNERS = 'metadata.ownerReferences'

function validateOwners(owners: readonly OwnerReference[]): Faults {
  const [first, ...others] = owners
    .filter((owner) => owner.controller)
    .map(({ kind, name }) => `${kind}/${name}`)
  return [
    ...owners.flatMap(validateOwner),
    ...others.map((other) =>
      invalidValue(
        OWNERS,
        owners,
        `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${other}`,
      ),
    ),
  ]
}

/** Upstream's paths have no index here. */
function validateOwner(owner: OwnerReference): Faults {
  const hasVersion = /^([^/]*\/)?[^/]+$/.test(owner.apiVersion ?? '')
  const empty = (['kind', 'name', 'uid'] as const).filter((key) => !owner[key])
  return [
    ...when(!hasVersion, () =>
      invalidValue(`${OWNERS}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'),
    ),
    ...empty.map((key) => invalidValue(`${OWNERS}.${key}`, owner[key] ?? '', 'must not be empty')),
    ...when(owner.apiVersion === 'v1' && owner.kind === 'Event', () =>
      invalidValue(OWNERS, owner, '/v1, Kind=Event is disallowed from being an owner'),
    ),
  ]
}

function validateFinalizers(finalizers: readonly string[]): Faults {
  const field = 'metadata.finalizers'
  const both = finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')
  return [
    ...finalizers.flatMap((finalizer) => invalidTexts(field, finalizer, qualifiedNameFaults)),
    ...when(both, () =>
      invalidValue(field, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'),
    ),
  ]
}

/** Of the kinds of Kubernetes itself: a finalizer without a domain is one of its own. */
export function validateKnownFinalizers({ metadata }: KubernetesObject): Faults {
  return (metadata.finalizers ?? []).flatMap((finalizer, index) =>
    when(!finalizer.includes('/') && !STANDARD_FINALIZERS.includes(finalizer), () =>
      invalidValue(
        `metadata.finalizers[${index}]`,
        finalizer,
        'name is neither a standard finalizer name nor is it fully qualified',
      ),
    ),
  )
}

const STANDARD_FINALIZERS: readonly string[] = ['kubernetes', 'orphan', 'foregroundDeletion']

/** What an update may not change. (The registry restores most of it; what is left is a client's mistake.) */
export function validateMetadataUpdate(object: KubernetesObject, old: KubernetesObject): Faults {
  const { metadata } = object
  return [
    ...validatePrefix(metadata),
    ...immutable('metadata.name', metadata.name, old.metadata.name),
    ...immutable('metadata.namespace', metadata.namespace, old.metadata.namespace),
    ...immutable('metadata.uid', metadata.uid, old.metadata.uid),
    ...immutable('metadata.deletionTimestamp', metadata.deletionTimestamp, old.metadata.deletionTimestamp),
    ...immutable(
      'metadata.deletionGracePeriodSeconds',
      metadata.deletionGracePeriodSeconds,
      old.metadata.deletionGracePeriodSeconds,
    ),
    ...validateLabels(metadata.labels, 'metadata.labels'),
    ...validateAnnotations(metadata.annotations, 'metadata.annotations'),
    ...validateOwners(metadata.ownerReferences ?? []),
    ...validateFinalizers(metadata.finalizers ?? []),
    ...validateManagedFields(metadata.managedFields ?? [], 'metadata.managedFields'),
  ]
}
