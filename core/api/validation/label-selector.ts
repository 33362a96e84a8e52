/** Labels and label selectors in objects (kubernetes/apimachinery pkg/apis/meta/v1/validation/validation.go). Pure. */

import type { LabelSelector } from '../generated/meta-v1.ts'
import type { Faults } from './faults.ts'
import { forbiddenField, invalidTexts, invalidValue, required, when } from './faults.ts'
import { labelValueFaults, qualifiedNameFaults } from './names.ts'

/** Faults of keys and values; upstream gives both the path of the whole map. */
export function validateLabels(labels: Readonly<Record<string, string>> | undefined, field: string): Faults {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...invalidTexts(field, key, qualifiedNameFaults),
    ...invalidTexts(field, value, labelValueFaults),
  ])
}

export interface LabelSelectorOptions {
  /** an old object had such values already */
  readonly allowInvalidValues?: boolean
}

/** Faults of a selector; an absent one has none. */
export function validateLabelSelector(
  selector: LabelSelector | undefined,
  field: string,
  options: LabelSelectorOptions = {},
): Faults {
  return [
    ...validateLabels(selector?.matchLabels, `${field}.matchLabels`),
    ...(selector?.matchExpressions ?? []).flatMap((expression, index) =>
      validateExpression(expression, `${field}.matchExpressions[${index}]`, options),
    ),
  ]
}

type Expression = NonNullable<LabelSelector['matchExpressions']>[number]

function validateExpression(
  { key, operator, values = [] }: Expression,
  at: string,
  { allowInvalidValues = false }: LabelSelectorOptions,
): Faults {
  return [
    ...operatorFaults(operator, values, at),
    ...invalidTexts(`${at}.key`, key, qualifiedNameFaults),
    ...values.flatMap((value, index) =>
      allowInvalidValues ? [] : invalidTexts(`${at}.values[${index}]`, value, labelValueFaults),
    ),
  ]
}

/** Faults of an operator and how many values stand with it. */
export function operatorFaults(operator: string, values: readonly string[], at: string): Faults {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return when(values.length === 0, () =>
        required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"),
      )
    case 'Exists':
    case 'DoesNotExist':
      return when(values.length > 0, () =>
        forbiddenField(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      )
    default:
      return [invalidValue(`${at}.operator`, operator, 'not a valid selector operator')]
  }
}
