/** From the text of an expression to what is checked, or to why it is none. Pure. */

import type { ASTNode } from '@marcbachmann/cel-js'
import { Environment } from '@marcbachmann/cel-js'
import type { CheckError } from './error-text.ts'
import type { Dialect } from './expand.ts'
import { expanded, TOO_DEEP } from './expand.ts'
import type { Expression } from './expression.ts'
import { ExpansionError } from './expression.ts'
import { nameMessage } from './macros.ts'
import type { ParseError, SyntaxFault } from './syntax-faults.ts'
import { syntaxFault } from './syntax-faults.ts'

/** What whoever evaluates expressions has to parse them with, too. */
export const PARSING = {
  enableOptionalTypes: true,
  /** Bounds on what an expression may be made of; upstream bounds its length and its estimated cost instead. */
  limits: { maxAstNodes: 10_000, maxDepth: 100, maxListElements: 1_000, maxMapEntries: 1_000 },
} as const

const PARSER = new Environment(PARSING)

export type Parsed = { readonly expression: Expression } | { readonly errors: readonly CheckError[] }

/** Of more errors of syntax nothing is told. */
const MAX_ERRORS = 30

/** @param maxErrors of one text */
export function parsedExpression(
  source: string,
  dialect: Dialect = {},
  maxErrors: number = MAX_ERRORS,
): Parsed {
  try {
    return { expression: expanded(PARSER.parse(source).ast, dialect) }
  } catch (error) {
    if (error instanceof ExpansionError) return { errors: [{ at: error.at, message: error.message }] }
    // Deeper than the library can look.
    if (error instanceof RangeError) return { errors: [{ at: 0, message: TOO_DEEP }] }
    const { code, node } = error as ParseError & { readonly node?: ASTNode }
    if (code === 'invalid_macro_argument' && node !== undefined) return { errors: [nameError(node)] }
    return { errors: syntaxErrors(source, syntaxFault(source, error as ParseError), maxErrors) }
  }
}

/** With those of what is left, when what no token begins with is left out. */
function syntaxErrors(
  source: string,
  { at, message, skipped = 0 }: SyntaxFault,
  maxErrors: number,
): readonly CheckError[] {
  if (skipped === 0 || maxErrors <= 1) return [{ at, message }]
  const left = source.slice(0, at) + ' '.repeat(skipped) + source.slice(at + skipped)
  const rest = parsedExpression(left, {}, maxErrors - 1)
  return [{ at, message }, ...('errors' in rest ? rest.errors : [])]
}

/** The library looks at the names of its own macros before we do. */
function nameError(node: ASTNode): CheckError {
  const { at } = expanded(node)
  const { input } = node
  const macro = /(\w+)\s*\(\s*$/.exec(input.slice(0, node.range.start))?.[1] ?? ''
  return { at, message: nameMessage(macro) }
}
