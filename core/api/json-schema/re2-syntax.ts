/**
 * Whether a pattern is one of RE2's, and Go's words for what is not. Pure.
 * golang.org/s/re2syntax; Go's regexp/syntax parse.go.
 */

const MAX_REPEAT = 1000
const POSIX =
  /^\[:\^?(alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/
/** Escapes outside of classes: of characters, classes of them, places; not of anything else that is a word's. */
const ESCAPE =
  /^\\(?:[afnrtv]|[0-7]{2,3}|0|x[0-9A-Fa-f]{2}|x\{0*(?:10|[0-9A-Fa-f])?[0-9A-Fa-f]{1,4}\}|[pP](?:[A-Z]|\{\^?[A-Za-z_]+\})|[dswDSW]|[^\w]|_)/u
const PLACE = /^\\(?:[AzbB]|Q[\s\S]*?(?:\\E|$))/
const FLAGS = /^\(\?(?:[imsU]+(?:-[imsU]+)?|-[imsU]+)[:)]/
const NAMED = /^\(\?P?<([^>]*)>/

/** @returns `missing closing ): ...` without `error parsing regexp: `; undefined for a good pattern */
export function re2Fault(pattern: string): string | undefined {
  const reader = new Reader(pattern)
  return reader.fault()
}

class Reader {
  readonly #text: string
  #at = 0
  /** where the thing begins that a `*` would repeat */
  #repeatable = false
  #repeated = ''
  /** how often what is in each open group, and what was read last, is repeated by numbers at most */
  readonly #groups: number[] = []
  #times = 1

  constructor(text: string) {
    this.#text = text
  }

  fault(): string | undefined {
    while (this.#at < this.#text.length) {
      const found = this.#next()
      if (found !== undefined) return found
    }
    return this.#groups.length > 0 ? `missing closing ): \`${this.#text}\`` : undefined
  }

  #rest(): string {
    return this.#text.slice(this.#at)
  }

  #take(length: number, isRepeatable: boolean): undefined {
    this.#at += length
    this.#repeatable = isRepeatable
    this.#times = 1
    this.#repeated = ''
  }

  #open(text: string): undefined {
    this.#groups.push(1)
    this.#times = 1
    return this.#take(text.length, false)
  }

  #close(): string | undefined {
    const times = this.#groups.pop()
    if (times === undefined) return `unexpected ): \`${this.#text}\``
    this.#take(1, true)
    this.#repeats(times)
    return undefined
  }

  /** What was read last is repeated so often, whatever it is in. */
  #repeats(times: number): void {
    this.#times = times
    const last = this.#groups.length - 1
    if (last >= 0) this.#groups[last] = Math.max(this.#groups[last] ?? 1, times)
  }

  #next(): string | undefined {
    const rest = this.#rest()
    switch (rest[0]) {
      case '(':
        return this.#group(rest)
      case ')':
        return this.#close()
      case '[':
        return this.#class(rest)
      case '\\':
        return this.#escape(rest)
      case '|':
        return this.#take(1, false)
      case '*':
      case '+':
      case '?':
        return this.#repetition(/^[*+?]\??/.exec(rest)?.[0] ?? '')
      case '{': {
        const [whole] = /^\{(\d+)(,\d*)?\}\??/.exec(rest) ?? []
        return whole === undefined ? this.#take(1, true) : this.#count(whole)
      }
      default:
        return this.#take(String.fromCodePoint(rest.codePointAt(0) ?? 0).length, true)
    }
  }

  #count(operator: string): string | undefined {
    const [, least = '', most] = /^\{(\d+)(?:,(\d*))?\}/.exec(operator) ?? []
    const times = Math.max(Number(least), Number(most || '0'), 1)
    const isReversed = most !== undefined && most !== '' && Number(most) < Number(least)
    const inner = this.#times
    const text = operator.replace(/\?$/, '')
    if (times > MAX_REPEAT || isReversed) return `invalid repeat count: \`${text}\``
    const fault = this.#repetition(operator)
    if (fault !== undefined) return fault
    if (times > 1 && times * inner > MAX_REPEAT) return `invalid repeat count: \`${operator}\``
    this.#repeats(times * inner)
    return undefined
  }

  #repetition(operator: string): string | undefined {
    if (this.#repeated !== '') return `invalid nested repetition operator: \`${this.#repeated}${operator}\``
    if (!this.#repeatable)
      return `missing argument to repetition operator: \`${operator.replace(/(?<=.)\?$/, '')}\``
    this.#at += operator.length
    this.#repeated = operator
    return undefined
  }

  #group(rest: string): string | undefined {
    if (!rest.startsWith('(?')) {
      return this.#open('(')
    }
    const [named, name] = NAMED.exec(rest) ?? []
    if (named !== undefined) {
      if (!/^\w+$/.test(name ?? '')) return `invalid named capture: \`${named}\``
      return this.#open(named)
    }
    if (rest.startsWith('(?:')) return this.#open('(?:')
    const [flags] = FLAGS.exec(rest) ?? []
    if (flags === undefined) return flagFault(rest)
    return flags.endsWith(':') ? this.#open(flags) : this.#take(flags.length, false)
  }

  #escape(rest: string): string | undefined {
    if (rest === '\\') return 'trailing backslash at end of expression: ``'
    const [place] = PLACE.exec(rest) ?? []
    if (place !== undefined) return this.#take(place.length, true)
    const [escape] = ESCAPE.exec(rest) ?? []
    if (escape === undefined || isUnknownTable(escape)) return escapeFault(rest)
    return this.#take(escape.length, true)
  }

  #class(rest: string): string | undefined {
    let at = rest.startsWith('[^') ? 2 : 1
    for (let isFirst = true; ; isFirst = false) {
      const inner = rest.slice(at)
      if (inner === '') return `missing closing ]: \`${rest}\``
      if (inner.startsWith(']') && !isFirst) return this.#take(at + 1, true)
      if (inner.startsWith('[:')) {
        const [posix] = POSIX.exec(inner) ?? []
        const [whole] = /^\[:.*?:\]/.exec(inner) ?? []
        if (posix === undefined && whole !== undefined) return `invalid character class range: \`${whole}\``
        if (posix !== undefined) {
          at += posix.length
          continue
        }
      }
      const isSet = /^\\(?:[dswDSW]|[pP](?:[A-Z]|\{\^?[A-Za-z_]+\}))/.exec(inner)
      if (isSet) {
        if (isUnknownTable(isSet[0])) return escapeFault(inner)
        at += isSet[0].length
        continue
      }
      const from = characterOf(inner)
      if (typeof from === 'string') return from
      at += from.length
      const range = rest.slice(at)
      if (!/^-[^\]]/.test(range)) continue
      const to = characterOf(range.slice(1))
      if (typeof to === 'string') return to
      at += 1 + to.length
      if (to.code < from.code)
        return `invalid character class range: \`${rest.slice(at - from.length - 1 - to.length, at)}\``
    }
  }
}

interface Character {
  readonly code: number
  readonly length: number
}

const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }

/** @returns the first character of a class, or what is wrong with it */
function characterOf(text: string): Character | string {
  const plain = text.codePointAt(0) ?? 0
  if (!text.startsWith('\\')) return { code: plain, length: String.fromCodePoint(plain).length }
  const [escape] = ESCAPE.exec(text) ?? []
  // Sets have no place at the end of a range.
  if (/^\\[dswDSWpP]/.test(text)) return `invalid escape sequence: \`${text.slice(0, 2)}\``
  if (escape === undefined)
    return text === '\\' ? 'trailing backslash at end of expression: ``' : escapeFault(text)
  const [, hex] = /^\\x\{?([0-9A-Fa-f]+)/.exec(escape) ?? []
  const [, octal] = /^\\([0-7]{1,3})$/.exec(escape) ?? []
  const letter = escape.slice(1)
  const code =
    hex !== undefined
      ? Number.parseInt(hex, 16)
      : octal !== undefined
        ? Number.parseInt(octal, 8)
        : (CONTROLS[letter] ?? letter.codePointAt(0) ?? 0)
  return { code, length: escape.length }
}

/** What Go has read of a number that is none, or too great, when it gives up. */
const HEX = /^\\x(?:\{(?:0*(?:1[1-9A-Fa-f]|[2-9A-Fa-f][0-9A-Fa-f])[0-9A-Fa-f]{4}|[0-9A-Fa-f]*[^]?)|[^]{0,2})/u
/** Scripts with names as short as the abbreviations JavaScript has for others. */
const SHORT_SCRIPTS: ReadonlySet<string> = new Set([
  'Cham',
  'Han',
  'Kawi',
  'Lao',
  'Lisu',
  'Mro',
  'Nko',
  'Thai',
  'Toto',
  'Vai',
  'Yi',
])
const SPECIAL: Readonly<Record<string, string>> = {
  any: 'Any',
  ascii: 'ASCII',
  assigned: 'Assigned',
  lc: 'LC',
}

/** @returns JavaScript's words for a table of Go's unicode package, in any case; undefined for a table it has not */
export function unicodeName(name: string): string | undefined {
  const lower = name.toLowerCase()
  const title = lower.replaceAll(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase())
  const special = Object.hasOwn(SPECIAL, lower) ? SPECIAL[lower] : undefined
  if (special !== undefined) return special
  const category = [title, lower].find((each) => isProperty(`General_Category=${each}`))
  if (category !== undefined) return category
  const isScript = (title.length > 4 || SHORT_SCRIPTS.has(title)) && isProperty(`Script=${title}`)
  return isScript ? `Script=${title}` : undefined
}

function isProperty(name: string): boolean {
  try {
    return new RegExp(`\\p{${name}}`, 'u').unicode
  } catch {
    return false
  }
}

function isUnknownTable(escape: string): boolean {
  const [, name] = /^\\[pP]\{?\^?(\w+)/.exec(escape) ?? []
  return name !== undefined && unicodeName(name) === undefined
}

function escapeFault(rest: string): string {
  const [unicode] = /^\\[pP](?:\{[^}]*\}?|.?)/.exec(rest) ?? []
  if (unicode !== undefined) return `invalid character class range: \`${unicode}\``
  const [hex] = HEX.exec(rest) ?? []
  return `invalid escape sequence: \`${hex ?? String.fromCodePoint(92, rest.codePointAt(1) ?? 0)}\``
}

/** What Go has read of `(?...` when it gives up. */
function flagFault(rest: string): string {
  if (/^\(\?(?:P<|<)./.test(rest)) return `invalid named capture: \`${rest}\``
  const [read] = /^\(\?-?[imsU]*(?:-[imsU]*)?[^]?/u.exec(rest) ?? [rest]
  return `invalid or unsupported Perl syntax: \`${read}\``
}
