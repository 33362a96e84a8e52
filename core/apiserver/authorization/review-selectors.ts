/**
 * The selectors that a review of access asks about: what is wrong with them, and what authorizers see of them. Pure.
 * kubernetes/kubernetes pkg/apis/authorization/validation/validation.go, pkg/registry/authorization/util/helpers.go.
 */

import type { FieldError } from '../../api/field-error.ts'
import type { ResourceAttributes } from '../../api/generated/authorization-v1.ts'
import type { FieldSelectorRequirement, LabelSelectorRequirement } from '../../api/generated/meta-v1.ts'
import { isApiError } from '../../api/api-error.ts'
import type { FieldRequirement } from '../../api/selector-syntax.ts'
import { parseFieldSelector, parseLabelSelector } from '../../api/selector-syntax.ts'
import { forbiddenField, invalidValue, required, when } from '../../api/validation/faults.ts'
import { labelValueFaults, qualifiedNameFaults } from '../../api/validation/names.ts'

interface Selector<Requirement> {
  readonly rawSelector?: string | undefined
  readonly requirements?: readonly Requirement[] | undefined
}

type AnyRequirement = Pick<FieldSelectorRequirement, 'key' | 'operator' | 'values'>

const AT = 'spec.resourceAttributes'

/** @returns what is wrong with the selectors of a question */
export function selectorFaults({ fieldSelector, labelSelector }: ResourceAttributes): readonly FieldError[] {
  return [
    ...faultsOf(fieldSelector, `${AT}.fieldSelector`, ({ key }, at) =>
      when(key === '', () => required(`${at}.key`, 'must be specified')),
    ),
    ...faultsOf(labelSelector, `${AT}.labelSelector`, ({ key, values = [] }, at) => [
      ...qualifiedNameFaults(key).map((fault) => invalidValue(`${at}.key`, key, fault)),
      ...values.flatMap((value, index) =>
        labelValueFaults(value).map((fault) => invalidValue(`${at}.values[${index}]`, value, fault)),
      ),
    ]),
  ]
}

function faultsOf<Requirement extends AnyRequirement>(
  selector: Selector<Requirement> | undefined,
  at: string,
  ofOne: (requirement: Requirement, at: string) => readonly FieldError[],
): readonly FieldError[] {
  if (selector === undefined) return []
  const { rawSelector = '', requirements = [] } = selector
  const both = 'may not specified at the same time as requirements'
  const neither = `when ${at} is specified, requirements or rawSelector is required`
  return [
    ...when(rawSelector !== '' && requirements.length > 0, () =>
      invalidValue(`${at}.rawSelector`, rawSelector, both),
    ),
    ...when(rawSelector === '' && requirements.length === 0, () => required(`${at}.requirements`, neither)),
    ...requirements.flatMap((each, index) => {
      const place = `${at}.requirements[${index}]`
      const own = ofOne(each, place)
      // Fields are named before their values are looked at, labels after.
      return at.endsWith('fieldSelector')
        ? [...own, ...valuesFaults(each, place)]
        : [...valuesFaults(each, place), ...own]
    }),
  ]
}

/** Operators yet to be invented are let through. */
function valuesFaults({ operator, values = [] }: AnyRequirement, at: string): readonly FieldError[] {
  const isOfValues = operator === 'In' || operator === 'NotIn'
  const isOfNone = operator === 'Exists' || operator === 'DoesNotExist'
  const field = `${at}.values`
  return [
    ...when(isOfValues && values.length === 0, () =>
      required(field, "must be specified when `operator` is 'In' or 'NotIn'"),
    ),
    ...when(isOfNone && values.length > 0, () =>
      forbiddenField(field, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
    ),
  ]
}

export interface AskedSelectors {
  /** what authorizers see of the field selector */
  readonly fieldSelector: readonly FieldRequirement[] | undefined
  /** what was not understood, and so asks for more */
  readonly faults: readonly string[]
}

/** @returns what is understood of valid selectors */
export function askedSelectors({ fieldSelector, labelSelector }: ResourceAttributes): AskedSelectors {
  const fields = fieldSelector && understoodFields(fieldSelector)
  const labels = labelSelector && understoodLabels(labelSelector)
  const told = (name: string, { isWhole, count }: Understood): readonly string[] => {
    if (isWhole) return []
    return [`${AT}.${name} ${count > 0 ? 'partially ignored' : 'ignored'} due to parse error`]
  }
  return {
    fieldSelector: fields?.requirements,
    faults: [
      ...(fields ? told('fieldSelector', { ...fields, count: fields.requirements.length }) : []),
      ...(labels ? told('labelSelector', labels) : []),
    ],
  }
}

interface Understood {
  readonly isWhole: boolean
  readonly count: number
}

function understoodFields({ rawSelector = '', requirements = [] }: Selector<FieldSelectorRequirement>): {
  readonly requirements: readonly FieldRequirement[]
  readonly isWhole: boolean
} {
  if (rawSelector !== '') {
    const parsed = parsedFields(rawSelector)
    return { requirements: parsed ?? [], isWhole: parsed !== undefined }
  }
  const known = requirements.flatMap(({ key, operator, values = [] }): FieldRequirement[] => {
    const [value, ...more] = values
    if (value === undefined || more.length > 0 || (operator !== 'In' && operator !== 'NotIn')) return []
    return [{ field: key, operator: operator === 'In' ? '=' : '!=', value }]
  })
  return { requirements: known, isWhole: known.length === requirements.length }
}

function understoodLabels({
  rawSelector = '',
  requirements = [],
}: Selector<LabelSelectorRequirement>): Understood {
  if (rawSelector !== '') {
    const parsed = triedTo(() => parseLabelSelector(rawSelector))
    return { isWhole: parsed !== undefined, count: 0 }
  }
  const known = requirements.filter(({ operator }) =>
    ['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator),
  )
  return { isWhole: known.length === requirements.length, count: known.length }
}

/** @returns undefined for a text that is no field selector */
export const parsedFields = (text: string): readonly FieldRequirement[] | undefined =>
  triedTo(() => parseFieldSelector(text))

function triedTo<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (isApiError(error)) return undefined
    throw error
  }
}
