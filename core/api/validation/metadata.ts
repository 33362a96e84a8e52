/** ObjectMeta of every kind (kubernetes/apimachinery pkg/api/validation/objectmeta.go). Pure. */

import type { LabelSelector } from '../generated/meta-v1.ts'
import type { KubernetesObject } from '../object.ts'
import type { Faults } from './faults.ts'
import { forbiddenField, invalidTexts, invalidValue, notSupported, required } from './faults.ts'
import { labelValueFaults, qualifiedNameFaults } from './names.ts'

const ANNOTATIONS_MAX_BYTES = 256 * 1024

export interface MetadataRules {
  readonly nameFaults: (name: string) => readonly string[]
  readonly namespaced: boolean
}

export function validateMetadata({ metadata }: KubernetesObject, rules: MetadataRules): Faults {
  const { name, generateName, namespace } = metadata
  return [
    ...(generateName && !name
      ? invalidTexts('metadata.generateName', generateName, (text) => rules.nameFaults(`${text}x`))
      : []),
    ...(name ? invalidTexts('metadata.name', name, rules.nameFaults) : []),
    ...(name || generateName ? [] : [required('metadata.name', 'name or generateName is required')]),
    ...(rules.namespaced && !namespace ? [required('metadata.namespace')] : []),
    ...(!rules.namespaced && namespace
      ? [forbiddenField('metadata.namespace', 'not allowed on this type')]
      : []),
    ...validateLabels(metadata.labels ?? {}, 'metadata.labels'),
    ...validateAnnotations(metadata.annotations ?? {}),
    ...validateOwners(metadata.ownerReferences ?? []),
    ...(metadata.finalizers ?? []).flatMap((finalizer, index) =>
      invalidTexts(`metadata.finalizers[${index}]`, finalizer, qualifiedNameFaults),
    ),
  ]
}

export function validateLabels(labels: Readonly<Record<string, string>>, field: string): Faults {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...invalidTexts(field, key, qualifiedNameFaults),
    ...invalidTexts(field, value, labelValueFaults),
  ])
}

function validateAnnotations(annotations: Readonly<Record<string, string>>): Faults {
  const entries = Object.entries(annotations)
  const size = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  )
  return [
    ...entries.flatMap(([key]) =>
      invalidTexts('metadata.annotations', key, (text) => qualifiedNameFaults(text.toLowerCase())),
    ),
    ...(size > ANNOTATIONS_MAX_BYTES
      ? [
          {
            type: 'tooLong',
            field: 'metadata.annotations',
            detail: `may not be more than ${ANNOTATIONS_MAX_BYTES} bytes`,
          } as const,
        ]
      : []),
  ]
}

function validateOwners(owners: NonNullable<KubernetesObject['metadata']['ownerReferences']>): Faults {
  const controllers = owners.filter((owner) => owner.controller)
  const missing = owners.flatMap((owner, index) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter((key) => !owner[key])
      .map((key) =>
        invalidValue(`metadata.ownerReferences[${index}].${key}`, owner[key] ?? '', 'must not be empty'),
      ),
  )
  if (controllers.length < 2) return missing
  const [first, second] = controllers
  const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first?.kind}/${first?.name} and ${second?.kind}/${second?.name}`
  return [...missing, invalidValue('metadata.ownerReferences', owners, detail)]
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist']

export function validateLabelSelector(selector: LabelSelector | undefined, field: string): Faults {
  return [
    ...validateLabels(selector?.matchLabels ?? {}, `${field}.matchLabels`),
    ...(selector?.matchExpressions ?? []).flatMap((expression, index): Faults => {
      const at = `${field}.matchExpressions[${index}]`
      const values = expression.values ?? []
      const needsValues = expression.operator === 'In' || expression.operator === 'NotIn'
      return [
        ...invalidTexts(`${at}.key`, expression.key, qualifiedNameFaults),
        ...(OPERATORS.includes(expression.operator)
          ? []
          : [notSupported(`${at}.operator`, expression.operator, OPERATORS)]),
        ...(needsValues && values.length === 0
          ? [required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'")]
          : []),
        ...(!needsValues && values.length > 0
          ? [
              forbiddenField(
                `${at}.values`,
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
              ),
            ]
          : []),
        ...values.flatMap((value, position) =>
          invalidTexts(`${at}.values[${position}]`, value, labelValueFaults),
        ),
      ]
    }),
  ]
}
