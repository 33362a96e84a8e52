/**
 * Selectors as query strings have them: `app=web,tier in (a,b),!gone` and `spec.nodeName=n1,status.phase!=Failed`.
 * Pure.
 *
 * Grammar and texts of kubernetes/apimachinery pkg/labels/selector.go (a lexer and a parser of one token look-ahead)
 * and pkg/fields/selector.go.
 */

import { badRequest } from './api-error.ts'
import type { FieldError } from './field-error.ts'
import { fieldErrorMessage } from './field-error.ts'
import type { Requirement, Selector, SelectorOperator } from './selectors.ts'
import { labelValueFaults, qualifiedNameFaults } from './validation/names.ts'

/** Operators of two sides, in the order of upstream's message. */
const BINARY_OPERATORS: Readonly<Record<string, SelectorOperator>> = {
  in: 'In',
  notin: 'NotIn',
  '=': 'In',
  '==': 'In',
  '!=': 'NotIn',
  '>': 'GreaterThan',
  '<': 'LessThan',
}
/** The names upstream's message has for them. */
const EXPECTED_OPERATORS = 'in, notin, =, ==, !=, gt, lt'

interface Token {
  readonly kind: 'word' | 'symbol' | 'end'
  readonly text: string
}

const END: Token = { kind: 'end', text: '' }
const SYMBOLS = new Set([')', ',', '!', '==', '=', '>', '<', '!=', '('])

/** Runs of symbol characters are cut as far as they make a symbol: `!=`, `==`; `,!` is two. */
function tokens(text: string): readonly Token[] {
  return (text.match(/[=!(),<>]+|[^=!(),<>\s]+/g) ?? []).flatMap((run) =>
    /^[^=!(),<>]/.test(run) ? [{ kind: 'word' as const, text: run }] : symbols(run),
  )
}

function symbols(run: string): readonly Token[] {
  const found: Token[] = []
  for (let at = 0; at < run.length;) {
    const two = run.slice(at, at + 2)
    const text = SYMBOLS.has(two) ? two : run.slice(at, at + 1)
    found.push({ kind: 'symbol', text })
    at += text.length
  }
  return found
}

/** Walks the tokens; each `expect` step throws the text upstream would. */
class LabelSelectorParser {
  readonly #tokens: readonly Token[]
  #position = 0

  constructor(text: string) {
    this.#tokens = tokens(text)
  }

  parse(): Selector {
    const requirements: Requirement[] = []
    for (;;) {
      const next = this.#peek()
      if (next.kind === 'end') return requirements
      if (!startsRequirement(next))
        throw badRequest(`found '${next.text}', expected: !, identifier, or 'end of string'`)
      requirements.push(this.#requirement())
      const separator = this.#take()
      if (separator.kind === 'end') return requirements
      if (separator.text !== ',')
        throw badRequest(`found '${separator.text}', expected: ',' or 'end of string'`)
      const after = this.#peek()
      if (!startsRequirement(after)) throw badRequest(`found '${after.text}', expected: identifier after ','`)
    }
  }

  #peek(): Token {
    return this.#tokens[this.#position] ?? END
  }

  #take(): Token {
    const token = this.#peek()
    this.#position += 1
    return token
  }

  #requirement(): Requirement {
    const isNegated = this.#peek().text === '!'
    if (isNegated) this.#take()
    const key = this.#take()
    if (key.kind !== 'word') throw unreadable(`found '${key.text}', expected: identifier`)
    checkKey(key.text)
    const next = this.#peek()
    if (isNegated || next.kind === 'end' || next.text === ',')
      return { key: key.text, operator: isNegated ? 'DoesNotExist' : 'Exists', values: [] }
    const sign = this.#take()
    const operator = Object.hasOwn(BINARY_OPERATORS, sign.text) ? BINARY_OPERATORS[sign.text] : undefined
    if (operator === undefined) throw unreadable(`found '${sign.text}', expected: ${EXPECTED_OPERATORS}`)
    const values = sign.kind === 'word' ? this.#list() : [this.#exactValue()]
    return checkedValues({ key: key.text, operator, values })
  }

  #exactValue(): string {
    const next = this.#peek()
    if (next.kind === 'end' || next.text === ',') return ''
    if (next.kind !== 'word') throw unreadable(`found '${next.text}', expected: identifier`)
    return this.#take().text
  }

  /** `(a,b)`; an empty place between commas is the empty value. */
  #list(): readonly string[] {
    const open = this.#take()
    if (open.text !== '(') throw unreadable(`found '${open.text}' expected: '('`)
    const first = this.#peek()
    if (first.kind !== 'word' && first.text !== ',' && first.text !== ')')
      throw unreadable(`found '${first.text}', expected: ',', ')' or identifier`)
    const values: string[] = []
    for (;;) {
      const next = this.#take()
      const isWord = next.kind === 'word'
      values.push(isWord ? next.text : '')
      const after = isWord ? this.#take() : next
      if (after.text === ')') return [...new Set(values)].toSorted()
      if (after.text !== ',') throw unreadable(`found '${after.text}', expected: ',' or ')'`)
    }
  }
}

const startsRequirement = (token: Token): boolean => token.kind === 'word' || token.text === '!'

const unreadable = (why: string): Error => badRequest(`unable to parse requirement: ${why}`)

/** The paths upstream prints: it parses query parameters with no path at all. */
function refused(field: string, value: string, detail: string): Error {
  const error: FieldError = { type: 'invalid', field, value, detail }
  return unreadable(fieldErrorMessage(error))
}

function checkKey(key: string): void {
  const faults = qualifiedNameFaults(key)
  if (faults.length > 0) throw refused('<nil>', key, faults.join('; '))
}

function checkedValues(requirement: Requirement): Requirement {
  const { key, operator, values } = requirement
  for (const [index, value] of values.entries()) {
    const mustBeInteger = operator === 'GreaterThan' || operator === 'LessThan'
    if (mustBeInteger && !/^[-+]?\d+$/.test(value))
      throw refused(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer")
    const faults = labelValueFaults(value)
    if (faults.length > 0) throw refused(`values[${index}][${key}]`, value, faults.join('; '))
  }
  return requirement
}

/** @throws ApiError BadRequest, such as `unable to parse requirement: found '=', expected: identifier` */
export function parseLabelSelector(text: string): Selector {
  return new LabelSelectorParser(text).parse()
}

/** The text that parseLabelSelector reads as this selector; '' for the one that matches everything. */
export function printSelector(selector: Selector): string {
  return selector.map(printRequirement).join(',')
}

function printRequirement({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'Exists':
      return key
    case 'DoesNotExist':
      return `!${key}`
    case 'GreaterThan':
      return `${key}>${values[0]}`
    case 'LessThan':
      return `${key}<${values[0]}`
    case 'In':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(',')})`
    case 'NotIn':
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(',')})`
  }
}

export interface FieldRequirement {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

/** @throws ApiError BadRequest `invalid selector: '...'; can't understand 'part'` */
export function parseFieldSelector(text: string): readonly FieldRequirement[] {
  const requirements = terms(text).map((part): FieldRequirement => {
    const [, field = '', sign, value = ''] = /^([^]*?)(==|!=|=)([^]*)$/.exec(part) ?? []
    if (sign === undefined) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`)
    return { field, operator: sign === '!=' ? '!=' : '=', value: unescaped(value) }
  })
  // `=` alone asks for nothing.
  return requirements.filter(({ field, value }) => field !== '' || value !== '')
}

/** Cut at commas that no backslash precedes; empty parts are left out. */
function terms(text: string): readonly string[] {
  return text.match(/(?:\\[^]|[^,\\]|\\$)+/g) ?? []
}

/** `\,`, `\=` and `\\` stand for themselves; nothing else may be escaped, and these must be. Go prints a number. */
function unescaped(value: string): string {
  return value.replaceAll(/\\([^]?)|[,=]/g, (found, escaped: string | undefined) => {
    if (escaped === undefined)
      throw badRequest(`invalid field selector: unescaped character in value: ${found.charCodeAt(0)}`)
    if (!['\\', ',', '='].includes(escaped))
      throw badRequest(`invalid field selector: invalid escape sequence: ${found}`)
    return escaped
  })
}
