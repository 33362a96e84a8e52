/**
 * CustomResourceDefinitions (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go). Pure.
 * The schemas themselves are looked at by ./structural-schema.ts, the parts of versions by ./custom-resource-version.ts.
 */

import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../generated/apiextensions-v1.ts'
import { isSameValue } from '../equality.ts'
import { validateParts } from './custom-resource-version.ts'
import type { Faults } from './faults.ts'
import { choice, immutable, invalidValue, required, when } from './faults.ts'
import { dns1035LabelFaults, dnsSubdomainFaults } from './names.ts'

/** Faults of a new definition, metadata aside. */
export function validateCustomResourceDefinition(crd: CustomResourceDefinition): Faults {
  const { spec, metadata } = crd
  return [
    ...when(metadata.name !== `${spec.names.plural}.${spec.group}`, () =>
      invalidValue('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'),
    ),
    ...validateSpec(spec),
    ...unknownFieldsFaults(spec),
  ]
}

/** Faults of a changed definition: what is established stays. */
export function validateCustomResourceDefinitionUpdate(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition,
): Faults {
  const isEstablished = old.status?.conditions?.some(
    ({ type, status }) => type === 'Established' && status === 'True',
  )
  return [
    ...validateSpec(crd.spec),
    ...(isEstablished
      ? [
          ...immutable('spec.scope', crd.spec.scope, old.spec.scope),
          ...immutable('spec.names.kind', crd.spec.names.kind, old.spec.names.kind),
        ]
      : []),
    ...immutable('spec.group', crd.spec.group, old.spec.group),
    ...immutable('spec.names.plural', crd.spec.names.plural, old.spec.names.plural),
    ...storedVersionsFaults(crd.spec.versions ?? [], old.status?.storedVersions ?? []),
    ...(old.spec.preserveUnknownFields ? [] : unknownFieldsFaults(crd.spec)),
  ]
}

/** Faults of what a definition says of itself. */
export const validateCustomResourceDefinitionStatus = ({ status }: CustomResourceDefinition): Faults =>
  nameFaults(status?.acceptedNames, 'status.acceptedNames')

function validateSpec(spec: CustomResourceDefinitionSpec): Faults {
  return [
    ...groupFaults(spec.group),
    ...choice('spec.scope', spec.scope, ['Cluster', 'Namespaced']),
    ...versionsFaults(spec.versions ?? []),
    ...(['plural', 'singular', 'kind', 'listKind'] as const).flatMap((name) =>
      when(!spec.names[name], () => required(`spec.names.${name}`)),
    ),
    ...nameFaults(spec.names, 'spec.names'),
    ...validateParts(spec.versions ?? []).whole,
    ...conversionFaults(spec),
  ]
}

const unknownFieldsFaults = ({ preserveUnknownFields }: CustomResourceDefinitionSpec): Faults =>
  when(preserveUnknownFields === true, () =>
    invalidValue(
      'spec.preserveUnknownFields',
      true,
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
    ),
  )

/** What was stored in a version may be there still: that version stays. */
function storedVersionsFaults(
  versions: readonly CustomResourceDefinitionVersion[],
  stored: readonly string[],
): Faults {
  const field = 'status.storedVersions'
  const current = versions.find(({ storage }) => storage)?.name
  const all = current === undefined || stored.includes(current) ? stored : [...stored, current]
  const left = new Map(all.map((name, index) => [name, index]))
  const missing = versions.flatMap(({ name, storage }) => {
    const isKnown = left.delete(name)
    return when(storage && !isKnown, () => invalidValue(field, all, `must have the storage version ${name}`))
  })
  return [
    ...missing,
    ...[...left].map(([name, index]) =>
      invalidValue(
        `${field}[${index}]`,
        name,
        `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until ` +
          `a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
      ),
    ),
  ]
}

function groupFaults(group: string): Faults {
  const field = 'spec.group'
  if (!group) return [required(field)]
  const faults = dnsSubdomainFaults(group)
  if (faults.length > 0) return [invalidValue(field, group, faults.join(','))]
  return when(!group.includes('.'), () =>
    invalidValue(field, group, 'should be a domain with at least one dot'),
  )
}

const MIXED = 'may have mixed case, but should otherwise match: '

/** Names may be missing where they are not required otherwise. */
function nameFaults(names: Partial<CustomResourceDefinitionNames> = {}, at: string): Faults {
  const label = (field: string, text: string, shown = text, more = ''): Faults => {
    const faults = dns1035LabelFaults(text)
    return when(faults.length > 0, () => invalidValue(`${at}.${field}`, shown, more + faults.join(',')))
  }
  const { plural, singular, kind, listKind, shortNames = [], categories = [] } = names
  return [
    ...(plural ? label('plural', plural) : []),
    ...(singular ? label('singular', singular) : []),
    ...(kind ? label('kind', kind.toLowerCase(), kind, MIXED) : []),
    ...(listKind ? label('listKind', listKind.toLowerCase(), listKind, MIXED) : []),
    ...shortNames.flatMap((text, index) => label(`shortNames[${index}]`, text)),
    ...when(kind && kind === listKind, () =>
      invalidValue(`${at}.listKind`, listKind, 'kind and listKind may not be the same'),
    ),
    ...categories.flatMap((text, index) => label(`categories[${index}]`, text)),
  ]
}

function versionsFaults(versions: readonly CustomResourceDefinitionVersion[]): Faults {
  const field = 'spec.versions'
  const names = versions.map(({ name }) => name)
  const shown = versions.length === 0 ? undefined : versions
  const [first = ''] = names
  const faults = first === '' ? [] : dns1035LabelFaults(first)
  const { missing, each } = validateParts(versions)
  return [
    ...missing,
    ...versions.flatMap(({ name = '' }, index) => {
      const wrong = dns1035LabelFaults(name)
      return [
        ...when(wrong.length > 0, () => invalidValue(`${field}[${index}].name`, name, wrong.join(','))),
        ...(each[index] ?? []),
      ]
    }),
    ...when(new Set(names).size < names.length, () =>
      invalidValue(field, shown, 'must contain unique version names'),
    ),
    ...when(versions.filter(({ storage }) => storage).length !== 1, () =>
      invalidValue(field, shown, 'must have exactly one version marked as storage version'),
    ),
    // Upstream holds the first version's name against this once more, where its older API has it.
    ...when(faults.length > 0, () => invalidValue('spec.version', first, faults.join(','))),
  ]
}

function conversionFaults({ conversion, versions = [] }: CustomResourceDefinitionSpec): Faults {
  const at = 'spec.conversion'
  const strategy = conversion?.strategy ?? ''
  // Webhooks that convert are not called here: only where nothing has to be converted may they be named.
  const isNeeded = versions.filter(({ served }) => served).length > 1
  return [
    ...choice(`${at}.strategy`, strategy, ['None', 'Webhook']),
    ...when(strategy === 'Webhook' && isNeeded, () =>
      invalidValue(
        `${at}.strategy`,
        strategy,
        'conversion by webhook is not supported here: serve one version, or use None',
      ),
    ),
    ...when(
      strategy === 'None' && conversion?.webhook !== undefined && !isSameValue(conversion.webhook, {}),
      () =>
        invalidValue(
          `${at}.webhook`,
          conversion?.webhook,
          'should not be set when strategy is not set to Webhook',
        ),
    ),
  ]
}
