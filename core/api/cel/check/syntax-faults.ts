/**
 * What is wrong with a text that is no expression, as near to Go's CEL as another parser can tell. Pure.
 * google/cel-go parser (its grammar is ANTLR's, and so are its messages).
 */

import type { CheckError } from './error-text.ts'

/** The library's errors: `summary` is the message without place and line. */
export interface ParseError {
  readonly code: string
  readonly summary: string
  readonly range?: { readonly start: number }
}

const OPERAND =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"

/** Characters no token begins with. */
const STRANGE = /[@#$&|=~^`\\;]/

/** The whole word, number or sign that stands at an offset. */
const wordAt = (expression: string, offset: number): string =>
  /^(?:\w+|&&|\|\||[<>=!]=|.)/s.exec(expression.slice(offset))?.[0] ?? '<EOF>'

export function syntaxFault(expression: string, error: ParseError): CheckError {
  const offset = error.range?.start ?? 0
  const found = wordAt(expression, offset)
  const fault = (message: string): CheckError => ({ at: offset, message: `Syntax error: ${message}` })
  switch (error.code) {
    case 'unexpected_token': {
      const isSkipped =
        found !== '<EOF>' && /[\w"'([{.!-]/.test(expression.slice(offset + found.length).trimStart()[0] ?? '')
      return fault(`${isSkipped ? 'extraneous' : 'mismatched'} input '${found}' expecting ${OPERAND}`)
    }
    case 'expected_token':
      return fault(expectation(expression, error.summary, found, offset))
    case 'unexpected_character':
      return STRANGE.test(found)
        ? fault(`token recognition error at: '${found}'`)
        : fault(`extraneous input '${found}' expecting <EOF>`)
    case 'unterminated_string':
      return fault(`token recognition error at: '${expression.slice(offset)}'`)
    case 'invalid_macro_argument':
      return { at: offset, message: 'argument must be a simple name' }
    default:
      return fault(error.summary)
  }
}

const SIGNS: Readonly<Record<string, string>> = { RPAREN: ')', RBRACKET: ']', RBRACE: '}', COLON: ':' }

/** `Expected RPAREN, got EOF` */
function expectation(expression: string, summary: string, found: string, offset: number): string {
  const wanted = /^Expected (\w+)/.exec(summary)?.[1] ?? ''
  const sign = SIGNS[wanted]
  if (sign === undefined) {
    const before = /\.\s*$/.test(expression.slice(0, offset)) ? '.' : ''
    return `no viable alternative at input '${before}${found === '<EOF>' ? '' : found}'`
  }
  if (wanted === 'RBRACKET' && isInList(expression.slice(0, offset)))
    return `mismatched input '${found}' expecting {']', ','}`
  return wanted === 'RPAREN' || wanted === 'RBRACKET'
    ? `missing '${sign}' at '${found}'`
    : `mismatched input '${found}' expecting '${sign}'`
}

/** Whether the bracket that is open begins a list, not an index. */
function isInList(before: string): boolean {
  let depth = 0
  for (let at = before.length - 1; at >= 0; at -= 1) {
    if (before[at] === ']') depth += 1
    if (before[at] !== '[') continue
    if (depth === 0) return !/[\w)\]"']\s*$/.test(before.slice(0, at))
    depth -= 1
  }
  return false
}
