/** From the text of an expression to what is checked, or to why it is none. Pure. */

import { Environment } from '@marcbachmann/cel-js'
import type { CheckError } from './error-text.ts'
import { expanded } from './expand.ts'
import type { Expression } from './expression.ts'
import { MacroError } from './expression.ts'
import type { ParseError } from './syntax-faults.ts'
import { syntaxFault } from './syntax-faults.ts'

/** What whoever evaluates expressions has to parse them with, too. */
export const PARSING = {
  enableOptionalTypes: true,
  /** Bounds on what an expression may be made of; upstream bounds its length and its estimated cost instead. */
  limits: { maxAstNodes: 10_000, maxDepth: 100, maxListElements: 1_000, maxMapEntries: 1_000 },
} as const

const PARSER = new Environment(PARSING)

export type Parsed = { readonly expression: Expression } | { readonly error: CheckError }

export function parsedExpression(source: string): Parsed {
  try {
    return { expression: expanded(PARSER.parse(source).ast) }
  } catch (error) {
    if (error instanceof MacroError) return { error: { at: error.at, message: error.message } }
    return { error: syntaxFault(source, error as ParseError) }
  }
}
