/**
 * Where the CEL library and Go's CEL part: `has()` of what is not reached by names alone, and `matches()`, whose
 * patterns are RE2. Expressions are rewritten to call functions of ours, whose names are as long, so that every place in
 * them stays where it is. Pure.
 */

import type { Environment } from '@marcbachmann/cel-js'
import { compiledPattern } from '../json-schema/re2.ts'

/** Texts (which stay as they are), comments, and the two functions. */
const TOKEN =
  /[rRbB]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?''')|[bB]?[rR][bB]?(?:"[^"\n]*"|'[^'\n]*')|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/[^\n]*|(?<![\w.])has(?=\s*\()|(?<=\.\s*)matches(?=\s*\()/g

const OURS: Readonly<Record<string, string>> = { has: 'hAs', matches: 'matchEs' }

/** @returns the expression with our functions in the place of the library's */
export const translated = (expression: string): string =>
  expression.replaceAll(TOKEN, (token) => (Object.hasOwn(OURS, token) ? (OURS[token] ?? token) : token))

/** @returns a message about a translated expression, as of the original */
export const untranslated = (message: string): string =>
  message.replaceAll('hAs', 'has').replaceAll('matchEs', 'matches')

/** What the library hands a macro; its types leave them open. */
interface Node {
  readonly op: string
  readonly args: readonly [Node, string]
}
interface Checker {
  check(node: Node, context: unknown): unknown
  getType(name: string): unknown
}
interface Evaluator {
  run(node: Node, context: unknown): unknown
}
interface Macro {
  readonly selected: Node
}

/** Adds the functions translated expressions call. */
export function registerDialect(environment: Environment): void {
  environment.registerFunction('string.matchEs(string): bool', matches)
  environment.registerFunction('matches(string, string): bool', (text: string, wanted: string) =>
    matches(text, wanted),
  )
  environment.registerFunction('hAs(ast): bool', ({ args }: { readonly args: readonly Node[] }) => ({
    selected: args[0],
    async: false,
    typeCheck(checker: Checker, { selected }: Macro, context: unknown) {
      if (selected.op !== '.') throw new Error('invalid argument to has() macro')
      checker.check(selected.args[0], context)
      return checker.getType('bool')
    },
    evaluate(evaluator: Evaluator, { selected }: Macro, context: unknown) {
      const [operand, name] = selected.args
      const value = unwrapped(evaluator.run(operand, context))
      if (value instanceof Map) return value.has(name)
      return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    },
  }))
}

function matches(text: string, wanted: string): boolean {
  const pattern = compiledPattern(wanted)
  if (pattern === undefined) throw new Error(`error parsing regexp: ${wanted}`)
  return pattern.test(text)
}

/** What an optional holds. */
function unwrapped(value: unknown): unknown {
  const optional = value as { hasValue?: () => boolean; value?: () => unknown } | null | undefined
  if (typeof optional?.hasValue !== 'function' || typeof optional.value !== 'function') return value
  return optional.hasValue() ? optional.value() : undefined
}
