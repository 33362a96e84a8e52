/**
 * Whether a rule of a schema compiles, what it may cost, whether it looks at what was before; in cel-go's words where it
 * does not (kubernetes/apiextensions-apiserver pkg/apiserver/schema/cel/compilation.go). Pure.
 */

import type { Environment } from '@marcbachmann/cel-js'
import type { CheckError } from './checker.ts'
import { checked } from './checker.ts'
import { maxCost } from './cost.ts'
import type { Declared } from './declared.ts'
import { expanded } from './expand.ts'
import type { Expression } from './expression.ts'
import { MacroError } from './expression.ts'
import { conversionError, literalErrors } from './literals.ts'
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
  /** what parses */
  readonly environment: Environment
  /** what `self` is */
  readonly self: Declared
  /** whether there may be no old value: `oldSelf` is an optional */
  readonly isOldOptional: boolean
}

/** @returns what is wrong with the expression, as `ERROR: <input>:1:5: undefined field 'x'` and the line it is in */
export function compiledExpression(source: string, options: CompileOptions): CompiledExpression {
  const parsed = parsedExpression(source, options.environment)
  if ('error' in parsed) return { fault: shown(source, [parsed.error]) }
  const { self, isOldOptional } = options
  const variables = new Map([
    ['self', self.type],
    ['oldSelf', isOldOptional ? optionalOf(self.type) : self.type],
  ])
  const result = checked(parsed.expression, variables, self)
  const errors = result.errors.length > 0 ? result.errors : literalErrors(parsed.expression, result)
  if (errors.length > 0) return { fault: shown(source, errors) }
  return {
    type: result.result,
    maxCost: maxCost(parsed.expression, result, self),
    usesOldSelf: result.usesOldSelf,
    unprepared: conversionError(parsed.expression),
  }
}

type Parsed = { readonly expression: Expression } | { readonly error: CheckError }

function parsedExpression(source: string, environment: Environment): Parsed {
  try {
    return { expression: expanded(environment.parse(source).ast) }
  } catch (error) {
    if (error instanceof MacroError) return { error: { at: error.at, message: error.message } }
    const { range, summary, message } = error as Error & {
      readonly range?: { readonly start: number }
      readonly summary?: string
    }
    const why = summary ?? message.split('\n')[0] ?? ''
    return { error: { at: range?.start ?? 0, message: `Syntax error: ${why}` } }
  }
}

const INDENT = '\n | '

function shown(source: string, errors: readonly CheckError[]): string {
  return errors.map((error) => shownError(source, error)).join('\n')
}

function shownError(source: string, { at, message }: CheckError): string {
  const before = source.slice(0, at).split('\n')
  const [line, column] = [before.length, Array.from(before.at(-1) ?? '').length]
  const text = (source.split('\n')[line - 1] ?? '').replaceAll('\t', ' ')
  const dots = Array.from(text)
    .slice(0, column)
    .map((one) => (Buffer.byteLength(one) > 1 ? '\uff0e' : '.'))
    .join('')
  const marked = Array.from(text)[column] ?? ''
  const mark = Buffer.byteLength(marked) > 1 ? '\uff3e' : '^'
  return `ERROR: <input>:${line}:${column + 1}: ${message}${INDENT}${text}${INDENT}${dots}${mark}`
}
