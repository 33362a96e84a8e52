/**
 * CustomResourceDefinitions (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go). Pure.
 * The parts are in ../definition.
 */

import { columnFaults, selectableFieldFaults, subresourceFaults } from '../definition/columns.ts'
import { bundleFaults, conversionFaults, isKnownReview } from '../definition/conversion.ts'
import { printedVersion } from '../definition/go-json.ts'
import { internalSpec } from '../definition/internal-spec.ts'
import type { InternalSpec } from '../definition/internal-spec.ts'
import {
  approvalFaults,
  givenNameFaults,
  groupFaults,
  nameFaults,
  scopeFaults,
  wrongText,
} from '../definition/names.ts'
import { rootSchemaFaults } from '../definition/root-schema.ts'
import type { RootSchemaOptions } from '../definition/root-schema.ts'
import { schemaOptions } from '../definition/ratchet.ts'
import { schemasOf } from '../definition/walk.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../generated/apiextensions-v1.ts'
import { isSameValue } from '../equality.ts'
import type { Faults } from './faults.ts'
import { immutable, invalidValue, pointed, required, when } from './faults.ts'
import { dns1035LabelFaults } from './names.ts'

/** Faults of a new definition, metadata's own aside. */
export function validateCustomResourceDefinition(crd: CustomResourceDefinition): Faults {
  const { spec, metadata } = crd
  const expected = `${spec.names.plural}.${spec.group}`
  return [
    ...when(metadata.name && metadata.name !== expected, () =>
      invalidValue('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'),
    ),
    ...specFaults(crd, undefined),
    ...restFaults(crd, undefined),
  ]
}

/** Faults of a changed definition: what is established stays; what was let through before may stay. */
export function validateCustomResourceDefinitionUpdate(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition,
): Faults {
  return [
    ...specFaults(crd, old),
    ...(isEstablished(old)
      ? [
          ...immutable('spec.scope', crd.spec.scope, old.spec.scope),
          ...immutable('spec.names.kind', crd.spec.names.kind, old.spec.names.kind),
        ]
      : []),
    ...immutable('spec.group', crd.spec.group, old.spec.group),
    ...immutable('spec.names.plural', crd.spec.names.plural, old.spec.names.plural),
    ...restFaults(crd, old),
  ]
}

/** Faults of a status that someone wrote. */
export function validateCustomResourceDefinitionStatus({ status }: CustomResourceDefinition): Faults {
  const names = status?.acceptedNames
  return names ? givenNameFaults(names, 'status.acceptedNames') : []
}

function restFaults(crd: CustomResourceDefinition, old: CustomResourceDefinition | undefined): Faults {
  return [
    // The names in status are the server's.
    ...storedVersionFaults(crd),
    ...approvalFaults(crd, old),
    ...when(crd.spec.preserveUnknownFields === true && old?.spec.preserveUnknownFields !== true, () =>
      invalidValue(
        'spec.preserveUnknownFields',
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    ),
  ]
}

function storedVersionFaults({ spec, status }: CustomResourceDefinition): Faults {
  const field = 'status.storedVersions'
  const { versions = [] } = spec
  const known = status?.storedVersions ?? []
  const current = versions.find(({ storage }) => storage)?.name
  // The server adds the version it stores in.
  const stored = current === undefined || known.includes(current) ? known : [...known, current]
  if (stored.length === 0) return [invalidValue(field, null, 'must have at least one stored version')]
  return [
    ...versions
      .filter(({ storage, name }) => storage && !stored.includes(name))
      .map(({ name }) => invalidValue(field, stored, `must have the storage version ${name}`)),
    ...stored.flatMap((name, index) =>
      when(!versions.some((version) => version.name === name), () =>
        invalidValue(
          `${field}[${index}]`,
          name,
          `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
        ),
      ),
    ),
  ]
}

function specFaults(crd: CustomResourceDefinition, old: CustomResourceDefinition | undefined): Faults {
  const { spec } = crd
  const internal = internalSpec(spec)
  const keepsUnknown = spec.preserveUnknownFields === true
  const hasDefaults = [...schemasOf(spec)].some((schema) => schema.default !== undefined)
  const { strategy } = spec.conversion ?? {}
  const reviews = old?.spec.conversion?.webhook?.conversionReviewVersions ?? []
  return [
    ...groupFaults(spec.group),
    ...scopeFaults(spec),
    ...missingSchemaFaults(internal, old?.spec),
    ...when(hasDefaults && keepsUnknown, () =>
      invalidValue(
        'spec.preserveUnknownFields',
        true,
        'must be false in order to use defaults in the schema',
      ),
    ),
    ...versionsFaults(spec, internal, old?.spec),
    ...nameFaults(spec),
    ...sharedFaults(spec, internal, old?.spec),
    ...when(strategy !== undefined && strategy !== 'None' && keepsUnknown, () =>
      invalidValue(
        'spec.conversion.strategy',
        strategy,
        'must be None if spec.preserveUnknownFields is true',
      ),
    ),
    ...conversionFaults(spec, {
      knownReview: reviews.length === 0 || reviews.some(isKnownReview),
      goodBundle: needsGoodBundle(old),
    }),
  ]
}

function needsGoodBundle(old: CustomResourceDefinition | undefined): boolean {
  if (old === undefined || !isEstablished(old)) return false
  return bundleFaults(old.spec.conversion?.webhook?.clientConfig ?? {}, '').length === 0
}

const isEstablished = ({ status }: CustomResourceDefinition): boolean =>
  status?.conditions?.some((each) => each.type === 'Established' && each.status === 'True') ?? false

function missingSchemaFaults(
  { shared, versions = [] }: InternalSpec,
  old: CustomResourceDefinitionSpec | undefined,
): Faults {
  if (shared.schema?.openAPIV3Schema !== undefined) return []
  const hadAll = old?.versions?.every(({ schema }) => schema?.openAPIV3Schema !== undefined) ?? true
  return versions.flatMap(({ schema, served }, index) => {
    const field = `spec.versions[${index}].schema.openAPIV3Schema`
    if (schema?.openAPIV3Schema !== undefined || (!hadAll && !served)) return []
    return [hadAll ? required(field) : required(field, 'because otherwise all fields are pruned')]
  })
}

function versionsFaults(
  spec: CustomResourceDefinitionSpec,
  internal: InternalSpec,
  old: CustomResourceDefinitionSpec | undefined,
): Faults {
  const field = 'spec.versions'
  const { versions = [], version, shared } = internal
  const shown = (): unknown => internal.versions?.map(printedVersion) ?? null
  const names = versions.map(({ name }) => name)
  return [
    ...versions.flatMap((each, index) => {
      const { status } = shared.subresources ?? each.subresources ?? {}
      const options = {
        ...schemaOptions(old),
        hasStatus: status !== undefined,
        isUnchanged: isUnchanged(spec, old, each.name),
      }
      return versionFaults(each, `${field}[${index}]`, options)
    }),
    ...when(new Set(names).size < names.length, () =>
      invalidValue(field, shown(), 'must contain unique version names'),
    ),
    ...when(versions.filter(({ storage }) => storage).length !== 1, () =>
      invalidValue(field, shown(), 'must have exactly one version marked as storage version'),
    ),
    ...(version ? wrongText('spec.version', version, dns1035LabelFaults(version)) : []),
  ]
}

const schemaOf = (spec: CustomResourceDefinitionSpec | undefined, name: string): unknown =>
  spec?.versions?.find((version) => version.name === name)?.schema

/** Whether a version's schema is as it was: how costly its rules are was judged then. */
const isUnchanged = (
  spec: CustomResourceDefinitionSpec,
  old: CustomResourceDefinitionSpec | undefined,
  name: string,
): boolean => schemaOf(old, name) !== undefined && isSameValue(schemaOf(spec, name), schemaOf(old, name))

function versionFaults(
  version: CustomResourceDefinitionVersion,
  at: string,
  options: RootSchemaOptions,
): Faults {
  const { name, schema, subresources, additionalPrinterColumns = [], selectableFields = [] } = version
  const root = schema?.openAPIV3Schema
  return [
    ...wrongText(`${at}.name`, name, dns1035LabelFaults(name)),
    ...deprecationFaults(version, `${at}.deprecationWarning`),
    ...(root ? rootSchemaFaults(root, `${at}.schema.openAPIV3Schema`, options) : []),
    ...(subresources ? subresourceFaults(subresources, `${at}.subresources`) : []),
    ...additionalPrinterColumns.flatMap((column, index) =>
      columnFaults(column, `${at}.additionalPrinterColumns[${index}]`),
    ),
    ...(selectableFields.length === 0
      ? []
      : root
        ? selectableFieldFaults(selectableFields, root, `${at}.selectableFields`)
        : [
            invalidValue(
              `${at}.selectableFields`,
              '',
              'may only be set when `version.schema.openAPIV3Schema` is not included',
            ),
          ]),
  ]
}

/** Faults of what all versions have in common, told once. */
function sharedFaults(
  spec: CustomResourceDefinitionSpec,
  { shared, version, versions = [] }: InternalSpec,
  old: CustomResourceDefinitionSpec | undefined,
): Faults {
  const { schema, subresources, additionalPrinterColumns = [], selectableFields = [] } = shared
  const root = schema?.openAPIV3Schema
  const hasStatus = [subresources, ...versions.map((each) => each.subresources)].some((each) => each?.status)
  const options = { ...schemaOptions(old), hasStatus, isUnchanged: isUnchanged(spec, old, version) }
  return [
    ...(root ? rootSchemaFaults(root, 'spec.validation.openAPIV3Schema', options) : []),
    ...(subresources ? subresourceFaults(subresources, 'spec.subresources') : []),
    ...additionalPrinterColumns.flatMap((column, index) =>
      columnFaults(column, `spec.additionalPrinterColumns[${index}]`),
    ),
    ...(selectableFields.length === 0
      ? []
      : schema
        ? selectableFieldFaults(selectableFields, root ?? {}, 'spec.selectableFields')
        : [invalidValue('spec.selectableFields', '', 'may only be set when validations.schema is included')]),
  ]
}

const MAX_WARNING_BYTES = 256

function deprecationFaults(
  { deprecated, deprecationWarning: text }: CustomResourceDefinitionVersion,
  field: string,
): Faults {
  if (text === undefined) return []
  if (!deprecated) return [invalidValue(field, text, 'can only be set for deprecated versions')]
  const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(text)
  const shown = pointed(text)
  return [
    ...when(Buffer.byteLength(text) > MAX_WARNING_BYTES, () =>
      invalidValue(field, shown, 'must be <= 256 characters long'),
    ),
    ...when(text === '', () => invalidValue(field, shown, 'must not be an empty string')),
    ...when(unprintable !== null, () =>
      invalidValue(
        field,
        shown,
        `must only contain printable UTF-8 characters; non-printable character found at index ${Buffer.byteLength(text.slice(0, unprintable?.index))}`,
      ),
    ),
  ]
}
