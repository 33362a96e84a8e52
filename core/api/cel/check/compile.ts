/**
 * Whether a rule of a schema compiles, what it may cost, whether it looks at what was before; in cel-go's words where it
 * does not (kubernetes/apiextensions-apiserver pkg/apiserver/schema/cel/compilation.go). Pure.
 */

import { maxCost } from './cost.ts'
import type { Declared } from './declared.ts'
import { structsOf } from './declared.ts'
import { conversionError } from './conversions.ts'
import { typedExpression } from './typed.ts'
import type { CelType } from './types.ts'
import { optionalOf } from './types.ts'

export type CompiledExpression =
  | { readonly fault: string }
  | {
      readonly type: CelType
      readonly maxCost: number
      readonly usesOldSelf: boolean
      /** what keeps it from being prepared for evaluation */
      readonly unprepared: string | undefined
    }

export interface CompileOptions {
  /** what `self` is */
  readonly self: Declared
  /** whether there may be no old value: `oldSelf` is an optional */
  readonly isOldOptional: boolean
}

/** @returns what is wrong with the expression, as `ERROR: <input>:1:5: undefined field 'x'` and the line it is in */
export function compiledExpression(
  source: string,
  { self, isOldOptional }: CompileOptions,
): CompiledExpression {
  const variables = new Map([
    ['self', self.type],
    ['oldSelf', isOldOptional ? optionalOf(self.type) : self.type],
  ])
  const typed = typedExpression(source, { variables, structs: structsOf(self) })
  if ('fault' in typed) return typed
  const { expression, checked } = typed
  return {
    type: checked.result,
    maxCost: maxCost(expression, checked, self),
    usesOldSelf: checked.usesOldSelf,
    unprepared: conversionError(expression),
  }
}
