/**
 * Expressions that choose devices: what they may speak of, whether they compile, what they may cost
 * (kubernetes/dynamic-resource-allocation cel/compile.go). Pure.
 */

import { conversionError } from './check/conversions.ts'
import { maxCost } from './check/cost.ts'
import type { Declared } from './check/declared.ts'
import { structsOf } from './check/declared.ts'
import type { Scope } from './check/checker.ts'
import { typedExpression } from './check/typed.ts'
import { ANY, BOOL, STRING, mapOf, parsedType, runtimeType, structOf } from './check/types.ts'

/** No device has more attributes and capacities; no value, domain, name is longer. */
const MAX_ENTRIES = 32
const MAX_VALUE = 64
const MAX_DOMAIN = 63
const MAX_NAME = 32
const MAX_DRIVER = 63

const text = (maxElements: number): Declared => ({ type: STRING, maxElements, minBytes: 2 })
const ATTRIBUTE: Declared = { type: ANY, maxElements: MAX_VALUE, minBytes: 1 }
const AMOUNT: Declared = { type: parsedType('kubernetes.Quantity'), maxElements: 0, minBytes: 8 }

const mapDeclared = (key: Declared, element: Declared, member?: Declared): Declared => ({
  type: mapOf(key.type, element.type),
  key,
  element,
  ...(member ? { member } : {}),
  maxElements: MAX_ENTRIES,
  minBytes: 2,
})

const DEVICE: Declared = {
  type: structOf('kubernetes.DRADevice'),
  fields: new Map([
    ['driver', text(MAX_DRIVER)],
    ['attributes', mapDeclared(text(MAX_DOMAIN), mapDeclared(text(MAX_NAME), ATTRIBUTE, ATTRIBUTE))],
    ['capacity', mapDeclared(text(MAX_DOMAIN), mapDeclared(text(MAX_NAME), AMOUNT))],
  ]),
  maxElements: 0,
  minBytes: 2,
}

const SCOPE: Scope = {
  variables: new Map([['device', DEVICE.type]]),
  structs: structsOf(DEVICE),
  hasBindings: true,
}

/** What is wrong with an expression; `isInternal`: it is fine, and cannot be prepared for evaluation. */
export type SelectorOutcome =
  | { readonly fault: string; readonly isInternal: boolean }
  | { readonly maxCost: number }

/** @returns what is wrong with the expression, or what evaluating it costs at most */
export function deviceSelector(source: string): SelectorOutcome {
  const typed = typedExpression(source, SCOPE)
  if ('fault' in typed) return { fault: `compilation failed: ${typed.fault}`, isInternal: false }
  const { expression, checked } = typed
  const { result } = checked
  if (result.kind !== BOOL.kind && result.kind !== ANY.kind) {
    const fault = `must evaluate to bool or the unknown type, not ${runtimeType(result)}`
    return { fault, isInternal: false }
  }
  const unprepared = conversionError(expression)
  return unprepared === undefined
    ? { maxCost: maxCost(expression, checked, DEVICE, 'device') }
    : { fault: `program instantiation failed: ${unprepared}`, isInternal: true }
}
