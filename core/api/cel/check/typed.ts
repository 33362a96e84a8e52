/** An expression with the types of its parts, or what is wrong with it: all that is known before it is evaluated. Pure. */

import type { Checked, Scope } from './checker.ts'
import { checked } from './checker.ts'
import { errorText } from './error-text.ts'
import type { Expression } from './expression.ts'
import { literalErrors } from './literals.ts'
import { parsedExpression } from './parse.ts'

export type Typed =
  | { readonly expression: Expression; readonly checked: Checked }
  /** `ERROR: <input>:1:5: undefined field 'x'`, and the line it is in */
  | { readonly fault: string }

export function typedExpression(source: string, scope: Scope): Typed {
  const parsed = parsedExpression(source, scope)
  if ('errors' in parsed) return { fault: errorText(source, parsed.errors) }
  const { expression } = parsed
  const result = checked(expression, scope)
  const errors = result.errors.length > 0 ? result.errors : literalErrors(expression, result)
  return errors.length > 0 ? { fault: errorText(source, errors) } : { expression, checked: result }
}
