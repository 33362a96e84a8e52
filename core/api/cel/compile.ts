/**
 * Whether an expression of admission compiles, and is of a type that is wanted. Pure.
 * kubernetes/apiserver pkg/admission/plugin/cel/compile.go (CompileCELExpression).
 */

import type { Scope } from './check/checker.ts'
import { conversionError } from './check/conversions.ts'
import { typedExpression } from './check/typed.ts'
import type { CelType, TypeKind } from './check/types.ts'
import { parsedType, runtimeType } from './check/types.ts'

export type Checked =
  | { readonly type: CelType }
  /** `isInternal`: the expression is fine, and cannot be prepared for evaluation */
  | { readonly fault: string; readonly isInternal?: true }

/** @param returns types the expression may have; undefined: any */
export function checked(scope: Scope, source: string, returns?: readonly TypeKind[]): Checked {
  const typed = typedExpression(source, scope)
  if ('fault' in typed) return { fault: `compilation failed: ${typed.fault}` }
  const type = typed.checked.result
  if (returns !== undefined && !returns.includes(type.kind)) {
    const names = returns.map((kind) => runtimeType(parsedType(kind)))
    const wanted = names.length === 1 ? (names[0] ?? '') : `one of [${names.join(' ')}]`
    return { fault: `must evaluate to ${wanted} but got ${runtimeType(type)}` }
  }
  const unprepared = conversionError(typed.expression)
  return unprepared === undefined
    ? { type }
    : { fault: `program instantiation failed: ${unprepared}`, isInternal: true }
}

/** Faults alone, without what the expression may evaluate to: `ERROR: <input>:1:1: ...` */
export function typeFaults(scope: Scope, source: string): string | undefined {
  const typed = typedExpression(source, scope)
  return 'fault' in typed ? typed.fault : undefined
}
