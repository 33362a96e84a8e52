/**
 * What Go's JSON decoder says of a text that is not JSON, or of a value of the wrong kind. Node's parser says it in
 * words of its own, which clients of Kubernetes do not know. Pure.
 *
 * The texts are those of Go's encoding/json (scanner.go, decode.go), which kubernetes/apimachinery passes on.
 */

import { goQuoted } from '../../api/go-text.ts'

const END = 'unexpected end of JSON input'
const DIGIT = /[0-9]/
const HEX = /[0-9a-fA-F]/
const LITERALS = ['true', 'false', 'null'] as const

/** What may come next. */
type Expecting = 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'more'

/** A fault found, or where reading goes on. */
type Step = { readonly fault: string } | { readonly next: number }

/** @returns undefined for well-formed JSON. @param bytes as they were sent: Go counts and shows bytes */
export function goSyntaxError(bytes: Uint8Array): string | undefined {
  return new Scanner(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')).fault()
}

class Scanner {
  readonly #text: string
  /** the brackets that are open */
  readonly #open: ('{' | '[')[] = []
  #expecting: Expecting = 'value'
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  fault(): string | undefined {
    for (;;) {
      while (' \t\r\n'.includes(this.#text[this.#at] ?? 'end')) this.#at += 1
      const letter = this.#text[this.#at]
      if (letter === undefined) return this.#isOver() ? undefined : END
      const step = this.#step(letter)
      if ('fault' in step) return step.fault
      this.#at = step.next
    }
  }

  #isOver = (): boolean => this.#expecting === 'more' && this.#open.length === 0

  #step(letter: string): Step {
    switch (this.#expecting) {
      case 'value':
        return this.#value(letter)
      case 'valueOrEnd':
        return letter === ']' ? this.#closed() : this.#value(letter)
      case 'keyOrEnd':
        return letter === '}' ? this.#closed() : this.#key(letter)
      case 'key':
        return this.#key(letter)
      case 'colon':
        return letter === ':' ? this.#then('value') : unexpected(letter, 'after object key')
      case 'more':
        return this.#more(letter)
    }
  }

  #then(expecting: Expecting, next = this.#at + 1): Step {
    this.#expecting = expecting
    return { next }
  }

  #closed(): Step {
    this.#open.pop()
    return this.#then('more')
  }

  #more(letter: string): Step {
    const open = this.#open.at(-1)
    if (open === undefined) return unexpected(letter, 'after top-level value')
    if (letter === ',') return this.#then(open === '{' ? 'key' : 'value')
    if (letter === (open === '{' ? '}' : ']')) return this.#closed()
    return unexpected(letter, open === '{' ? 'after object key:value pair' : 'after array element')
  }

  #key(letter: string): Step {
    if (letter !== '"') return unexpected(letter, 'looking for beginning of object key string')
    return this.#whole(stringEnd(this.#text, this.#at), 'colon')
  }

  #value(letter: string): Step {
    if (letter === '{' || letter === '[') {
      this.#open.push(letter)
      return this.#then(letter === '{' ? 'keyOrEnd' : 'valueOrEnd')
    }
    if (letter === '"') return this.#whole(stringEnd(this.#text, this.#at), 'more')
    if (letter === '-' || DIGIT.test(letter)) return this.#whole(numberEnd(this.#text, this.#at), 'more')
    const literal = LITERALS.find((each) => each.startsWith(letter))
    if (literal === undefined) return unexpected(letter, 'looking for beginning of value')
    return this.#whole(literalEnd(this.#text, this.#at, literal), 'more')
  }

  /** After a scalar that was read whole. */
  #whole(step: Step, expecting: Expecting): Step {
    return 'fault' in step ? step : this.#then(expecting, step.next)
  }
}

function unexpected(letter: string | undefined, where: string): Step {
  return { fault: letter === undefined ? END : `invalid character ${quoted(letter)} ${where}` }
}

/** As Go quotes one character. */
function quoted(letter: string): string {
  if (letter === "'") return `'\\''`
  if (letter === '"') return `'"'`
  return `'${goQuoted(letter).slice(1, -1)}'`
}

/** @param start of the opening quote */
function stringEnd(text: string, start: number): Step {
  for (let at = start + 1; ; at += 1) {
    const letter = text[at]
    if (letter === undefined) return { fault: END }
    if (letter === '"') return { next: at + 1 }
    if (letter < ' ') return unexpected(letter, 'in string literal')
    if (letter !== '\\') continue
    at += 1
    const kind = text[at]
    if (kind === undefined || !'bfnrtu\\/"'.includes(kind)) return unexpected(kind, 'in string escape code')
    if (kind !== 'u') continue
    for (const last = at + 4; at < last;) {
      at += 1
      if (!HEX.test(text[at] ?? '')) return unexpected(text[at], 'in \\u hexadecimal character escape')
    }
  }
}

function numberEnd(text: string, start: number): Step {
  let at = start
  const digits = (): void => {
    while (DIGIT.test(text[at] ?? '')) at += 1
  }
  const isMissing = (): boolean => !DIGIT.test(text[at] ?? '')
  if (text[at] === '-') at += 1
  if (isMissing()) return unexpected(text[at], 'in numeric literal')
  if (text[at] === '0') at += 1
  else digits()
  if (text[at] === '.') {
    at += 1
    if (isMissing()) return unexpected(text[at], 'after decimal point in numeric literal')
    digits()
  }
  if (text[at] === 'e' || text[at] === 'E') {
    at += '+-'.includes(text[at + 1] ?? 'none') ? 2 : 1
    if (isMissing()) return unexpected(text[at], 'in exponent of numeric literal')
    digits()
  }
  return { next: at }
}

function literalEnd(text: string, start: number, literal: string): Step {
  for (const [index, letter] of Array.from(literal).entries()) {
    const found = text[start + index]
    if (found !== letter) return unexpected(found, `in literal ${literal} (expecting '${letter}')`)
  }
  return { next: start + literal.length }
}

/** How Go's decoder names the kind of a JSON value. */
export function goKindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return value === null ? 'null' : typeof value
}

/** How Go names the type of a JSON value that was read into no type of its own. */
export function goType(value: unknown): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'object' ? 'map[string]interface {}' : 'string'
}

/** `json: cannot unmarshal array into Go value of type map[string]interface {}` */
export function goTypeError(value: unknown, goType: string): string {
  return `json: cannot unmarshal ${goKindOf(value)} into Go value of type ${goType}`
}

const SHOWN_BYTES = 30

/** The beginning of a body, as refusals show it; hexadecimal when it does not look like an object. */
export function bodySummary(bytes: Uint8Array): string {
  if (bytes.length === 0) return '<empty>'
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, SHOWN_BYTES))
  const shown = bytes[0] === 0x7b ? buffer.toString() : buffer.toString('hex')
  return bytes.length > SHOWN_BYTES ? `${shown} ...` : shown
}
