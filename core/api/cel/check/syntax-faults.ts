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

export interface SyntaxFault extends CheckError {
  /** how many characters no token begins with: parsing goes on without them */
  readonly skipped?: number
}

/** What an expression may begin with, in the order of the grammar; brackets end what has nothing in it. */
const BEGINNINGS = ["'['", "']'", "'{'", "'}'", "'('", "')'", "'.'", "','", "'-'", "'!'", "'?'"]
const ALWAYS = ["'['", "'{'", "'('", "'.'", "'-'", "'!'"]
const LITERALS = "'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER"

const operand = (more: readonly string[] = []): string =>
  `{${BEGINNINGS.filter((each) => ALWAYS.includes(each) || more.includes(each)).join(', ')}, ${LITERALS}}`

/** A word, number, text or sign. */
const TOKEN = /^(?:\w+|"[^"\n]*"|'[^'\n]*'|&&|\|\||[<>=!]=|.)/su
/** What no token begins with; of signs that are half a token, what comes after them goes, too. */
const STRANGE = /^(?:[@#$^~`\\;]|[^\s\x20-\x7e]|\u00a0|[&|=][\s\S]?)/u
const BEGINS_OPERAND = /^[\w"'([{.!-]/
const FOLLOWS_OPERAND = /^(?:$|[)\]},:?.[<>=!&|+*/%-]|in\b)/

/** What stands at an offset, and what comes after it. */
function tokensAt(source: string, offset: number): { readonly found: string; readonly next: string } {
  const found = TOKEN.exec(source.slice(offset))?.[0] ?? ''
  const after = source.slice(offset + found.length).trimStart()
  return { found, next: after }
}

const shown = (found: string): string => `'${found === '' ? '<EOF>' : found}'`

export function syntaxFault(source: string, error: ParseError): SyntaxFault {
  const offset = error.range?.start ?? 0
  const fault = (message: string): SyntaxFault => ({ at: offset, message: `Syntax error: ${message}` })
  switch (error.code) {
    case 'unexpected_token':
      return fault(operandMessage(source, offset))
    case 'expected_token':
      return fault(expectation(source, error.summary, offset))
    case 'unexpected_character':
      return strangeFault(source, offset) ?? fault(trailingMessage(source, offset))
    case 'unterminated_string': {
      const rest = source.slice(offset)
      return { ...fault(`token recognition error at: '${rest}'`), skipped: rest.length }
    }
    case 'reserved_identifier':
      return { at: offset, message: `reserved identifier: ${tokensAt(source, offset).found}` }
    default: {
      const literal = LITERAL_FAULTS.find(([summary]) => error.summary.startsWith(summary))
      return literal === undefined ? fault(error.summary) : { at: offset, message: literal[1] }
    }
  }
}

/** Numbers of which there are none so large. */
const LITERAL_FAULTS = [
  ['Invalid integer', 'invalid uint literal'],
  ['Invalid number', 'invalid double literal'],
] as const

function strangeFault(source: string, offset: number): SyntaxFault | undefined {
  const strange = STRANGE.exec(source.slice(offset))?.[0]
  if (strange === undefined) return undefined
  const message = `Syntax error: token recognition error at: '${strange}'`
  return { at: offset, message, skipped: strange.length }
}

/** @returns what is said where an operand is missing */
export function operandMessage(source: string, offset: number): string {
  const { found, next } = tokensAt(source, offset)
  const before = source.slice(0, offset).trimEnd()
  const more = moreBeginnings(before)
  const isSkipped =
    found !== '' && (BEGINS_OPERAND.test(next) || more.some((each) => each === `'${next[0] ?? ''}'`))
  return `${isSkipped ? 'extraneous' : 'mismatched'} input ${shown(found)} expecting ${operand(more)}`
}

/** What may stand after the bracket that was opened last beside an operand. */
function moreBeginnings(before: string): readonly string[] {
  if (/\w\s*\($/.test(before)) return ["')'"]
  if (before.endsWith('{')) return ["'}'", "','", "'?'"]
  if (!before.endsWith('[')) return []
  return isInList(before) ? ["']'", "','", "'?'"] : ["'?'"]
}

/** What comes after an expression that is complete. */
function trailingMessage(source: string, offset: number): string {
  const { found, next } = tokensAt(source, offset)
  return `${next === '' ? 'extraneous' : 'mismatched'} input ${shown(found)} expecting <EOF>`
}

const SIGNS: Readonly<Record<string, string>> = { RPAREN: ')', RBRACKET: ']', RBRACE: '}', COLON: ':' }

/** `Expected RPAREN, got EOF` */
function expectation(source: string, summary: string, offset: number): string {
  const sign = SIGNS[/^Expected (\w+)/.exec(summary)?.[1] ?? '']
  const { found, next } = tokensAt(source, offset)
  const before = source.slice(0, offset)
  if (sign === undefined)
    return `no viable alternative at input '${/\.\s*$/.test(before) ? '.' : ''}${found}'`
  if (sign === '}' || (sign === ']' && isInList(before))) {
    const isSkipped = found !== '' && (next.startsWith(sign) || next.startsWith(','))
    return `${isSkipped ? 'extraneous' : 'mismatched'} input ${shown(found)} expecting {'${sign}', ','}`
  }
  if (found !== '' && next.startsWith(sign)) return `extraneous input ${shown(found)} expecting '${sign}'`
  const isMissing = sign === ':' ? BEGINS_OPERAND.test(found) : FOLLOWS_OPERAND.test(found)
  return isMissing
    ? `missing '${sign}' at ${shown(found)}`
    : `mismatched input ${shown(found)} expecting '${sign}'`
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
