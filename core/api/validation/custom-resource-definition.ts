/**
 * CustomResourceDefinitions (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go). Pure.
 * The schemas themselves are looked at by ./structural-schema.ts.
 */

import type {
  CustomResourceDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../generated/apiextensions-v1.ts'
import { isSameValue } from '../equality.ts'
import type { Faults } from './faults.ts'
import {
  choice,
  duplicate,
  immutable,
  invalidTexts,
  invalidValue,
  notSupported,
  repeated,
  required,
  requiredText,
  when,
} from './faults.ts'
import { dns1035LabelFaults, dnsSubdomainFaults } from './names.ts'
import { validateStructuralSchema } from './structural-schema.ts'

const COLUMN_TYPES = ['integer', 'number', 'string', 'boolean', 'date']

/** Faults of a definition, metadata aside. */
export function validateCustomResourceDefinition(crd: CustomResourceDefinition): Faults {
  const { spec, metadata } = crd
  const expected = `${spec.names.plural}.${spec.group}`
  return [
    ...when(metadata.name !== expected, () =>
      invalidValue('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'),
    ),
    ...groupFaults(spec.group),
    ...choice('spec.scope', spec.scope, ['Cluster', 'Namespaced']),
    ...nameFaults(spec),
    ...versionsFaults(spec.versions ?? []),
    ...conversionFaults(spec),
    ...when(spec.preserveUnknownFields === true, () =>
      invalidValue(
        'spec.preserveUnknownFields',
        true,
        'must be false in order to use defaults in the schema, or set x-kubernetes-preserve-unknown-fields in the schema',
      ),
    ),
  ]
}

/** Faults of a changed definition: what is established stays. */
export function validateCustomResourceDefinitionUpdate(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition,
): Faults {
  const stored = old.status?.storedVersions ?? []
  const names = (crd.spec.versions ?? []).map(({ name }) => name)
  const isEstablished = old.status?.conditions?.some(
    ({ type, status }) => type === 'Established' && status === 'True',
  )
  return [
    ...validateCustomResourceDefinition(crd),
    ...immutable('spec.group', crd.spec.group, old.spec.group),
    ...immutable('spec.names.plural', crd.spec.names.plural, old.spec.names.plural),
    ...(isEstablished
      ? [
          ...immutable('spec.scope', crd.spec.scope, old.spec.scope),
          ...immutable('spec.names.kind', crd.spec.names.kind, old.spec.names.kind),
        ]
      : []),
    ...stored.flatMap((name, index) =>
      when(!names.includes(name), () =>
        invalidValue(
          `status.storedVersions[${index}]`,
          name,
          'missing from spec.versions; must appear in spec.versions',
        ),
      ),
    ),
  ]
}

function groupFaults(group: string): Faults {
  const field = 'spec.group'
  if (!group) return [required(field)]
  return [
    ...invalidTexts(field, group, dnsSubdomainFaults),
    ...when(!group.includes('.'), () =>
      invalidValue(field, group, 'should be a domain with at least one dot'),
    ),
  ]
}

function nameFaults({ names }: CustomResourceDefinitionSpec): Faults {
  const at = 'spec.names'
  const label = (field: string, text: string | undefined): Faults =>
    text === undefined ? [] : invalidTexts(field, text.toLowerCase(), dns1035LabelFaults)
  return [
    ...requiredText(`${at}.plural`, names.plural, dns1035LabelFaults),
    ...requiredText(`${at}.singular`, names.singular, dns1035LabelFaults),
    ...(names.kind ? label(`${at}.kind`, names.kind) : [required(`${at}.kind`)]),
    ...(names.listKind ? label(`${at}.listKind`, names.listKind) : [required(`${at}.listKind`)]),
    ...when(names.listKind !== undefined && names.kind === names.listKind && names.kind !== '', () =>
      invalidValue(`${at}.listKind`, names.listKind, 'kind and listKind may not be the same'),
    ),
    ...(names.shortNames ?? []).flatMap((text, index) =>
      invalidTexts(`${at}.shortNames[${index}]`, text, dns1035LabelFaults),
    ),
    ...(names.categories ?? []).flatMap((text, index) =>
      invalidTexts(`${at}.categories[${index}]`, text, dns1035LabelFaults),
    ),
  ]
}

function versionsFaults(versions: readonly CustomResourceDefinitionVersion[]): Faults {
  const field = 'spec.versions'
  const stored = versions.filter(({ storage }) => storage)
  const list = versions.map(({ name }) => name)
  return [
    ...when(versions.length === 0, () => required(field)),
    ...repeated(list, (name) => name).map((index) => duplicate(`${field}[${index}].name`, list[index])),
    ...when(versions.length > 0 && stored.length !== 1, () =>
      invalidValue(field, versions, 'must have exactly one version marked as storage version'),
    ),
    ...versions.flatMap((version, index) => versionFaults(version, `${field}[${index}]`)),
  ]
}

function versionFaults(version: CustomResourceDefinitionVersion, at: string): Faults {
  const {
    name,
    schema,
    additionalPrinterColumns = [],
    subresources,
    deprecated,
    deprecationWarning,
  } = version
  return [
    ...requiredText(`${at}.name`, name, dns1035LabelFaults),
    ...when(deprecationWarning !== undefined && !deprecated, () =>
      invalidValue(`${at}.deprecationWarning`, deprecationWarning, 'can only be set for deprecated versions'),
    ),
    ...(schema?.openAPIV3Schema
      ? validateStructuralSchema(schema.openAPIV3Schema, `${at}.schema.openAPIV3Schema`)
      : [required(`${at}.schema.openAPIV3Schema`, 'schemas are required')]),
    ...additionalPrinterColumns.flatMap((column, index) => {
      const place = `${at}.additionalPrinterColumns[${index}]`
      return [
        ...when(!column.name, () => required(`${place}.name`)),
        ...(column.type
          ? when(!COLUMN_TYPES.includes(column.type), () =>
              notSupported(`${place}.type`, column.type, COLUMN_TYPES),
            )
          : [required(`${place}.type`)]),
        ...pathFaults(`${place}.jsonPath`, column.jsonPath),
      ]
    }),
    ...(subresources?.scale
      ? [
          ...scalePathFaults(
            `${at}.subresources.scale.specReplicasPath`,
            subresources.scale.specReplicasPath,
            '.spec.',
          ),
          ...scalePathFaults(
            `${at}.subresources.scale.statusReplicasPath`,
            subresources.scale.statusReplicasPath,
            '.status.',
          ),
        ]
      : []),
  ]
}

function pathFaults(field: string, path: string): Faults {
  if (!path) return [required(field)]
  return when(!path.startsWith('.'), () =>
    invalidValue(field, path, 'must be a simple json path starting with .'),
  )
}

function scalePathFaults(field: string, path: string, prefix: string): Faults {
  if (!path) return [required(field)]
  const isSimple = /^(\.[A-Za-z_][\w-]*)+$/.test(path)
  if (!isSimple) return [invalidValue(field, path, 'must be a simple json path')]
  return when(!path.startsWith(prefix), () =>
    invalidValue(field, path, `should be a json path under ${prefix.slice(0, -1)}`),
  )
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
