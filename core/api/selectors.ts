/**
 * Label selectors: from a LabelSelector object, a plain map, or the query-string syntax, to one list of
 * requirements that is matched against labels. Pure.
 *
 * Follows kubernetes/apimachinery pkg/labels (selector.go) and pkg/apis/meta/v1/helpers.go.
 */

import type { LabelSelector } from './generated/meta-v1.ts'

export type Labels = Readonly<Record<string, string>>

export const SELECTOR_OPERATORS = [
  'In',
  'NotIn',
  'Exists',
  'DoesNotExist',
  'GreaterThan',
  'LessThan',
] as const
export type SelectorOperator = (typeof SELECTOR_OPERATORS)[number]

export interface Requirement {
  readonly key: string
  readonly operator: SelectorOperator
  readonly values: readonly string[]
}

/** All requirements must hold; an empty list matches everything. */
export type Selector = readonly Requirement[]

/** @returns requirements of a LabelSelector; the empty selector `{}` matches everything */
export function selectorOf(selector: LabelSelector): Selector {
  const equal = selectorOfMap(selector.matchLabels ?? {})
  const expressions = (selector.matchExpressions ?? []).map((expression) => ({
    key: expression.key,
    operator: expression.operator as SelectorOperator,
    values: expression.values ?? [],
  }))
  return [...equal, ...expressions]
}

/** @returns requirements of a plain equality map, such as a Service's selector */
export function selectorOfMap(labels: Labels): Selector {
  return Object.entries(labels).map(([key, value]) => ({ key, operator: 'In', values: [value] }))
}

/** Whether `labels` meet every requirement. */
export function matchesSelector(selector: Selector, labels: Labels | undefined): boolean {
  return selector.every((requirement) => meets(requirement, labels ?? {}))
}

/** Whether a LabelSelector matches; an absent (nil) selector matches nothing. */
export function matchesLabelSelector(
  selector: LabelSelector | undefined,
  labels: Labels | undefined,
): boolean {
  return selector !== undefined && matchesSelector(selectorOf(selector), labels)
}

function meets({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'GreaterThan':
      return value !== undefined && Number(value) > Number(values[0])
    case 'LessThan':
      return value !== undefined && Number(value) < Number(values[0])
  }
}
