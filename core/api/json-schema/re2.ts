/**
 * Regular expressions as Go writes them (RE2), as JavaScript's. Pure.
 * golang.org/s/re2syntax.
 */

import { re2Fault, unicodeName } from './re2-syntax.ts'

const POSIX: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  blank: '\\t ',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`{-~',
  upper: 'A-Z',
  space: String.raw`\t\n\v\f\r `,
  ascii: String.raw`\x00-\x7f`,
  cntrl: String.raw`\x00-\x1f\x7f`,
  graph: '!-~',
  print: ' -~',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
}

/** Escapes, classes, flags for the rest of a group, other groups' beginnings, their ends, places that repeat. */
const TOKEN =
  /\\Q[\s\S]*?(?:\\E|$)|\\[AbBz](?=[*+?{])|\\x\{[0-9A-Fa-f]+\}|\\[pP](?:\{\^?\w+\}|\w)|\\[0-7]{1,3}|\\[\s\S]|\[:(\^?\w+):\]|\(\?([imsU-]+)([):])|\(\?P?<\w+>|\[\^?\]?|[().\]]|[\^$](?=[*+?{])/g

/** @returns Go's words for what is wrong with a pattern; undefined for a good one */
export function patternFault(pattern: string): string | undefined {
  const fault = re2Fault(pattern)
  if (fault !== undefined) return fault
  return compiledPattern(pattern) === undefined ? `invalid escape sequence: \`${pattern}\`` : undefined
}

/** @returns undefined for a pattern that is none */
export function compiledPattern(pattern: string): RegExp | undefined {
  const source = javaScriptSource(pattern)
  return compiled(source, 'u') ?? compiled(source, '')
}

function compiled(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags)
  } catch {
    return undefined
  }
}

/** Flags in the middle hold to the end of their group: JavaScript wants a group of their own around what they are for. */
function javaScriptSource(pattern: string): string {
  // How many groups of flags each open group has in it.
  const open = [0]
  let isInClass = false
  const saysAll = /\(\?[imU]*s/.test(pattern)
  const source = pattern.replaceAll(
    TOKEN,
    (token: string, posix: string | undefined, flags: string | undefined, end: string | undefined) => {
      if (token.startsWith('\\')) return escapeSource(token, isInClass)
      if (posix !== undefined) return isInClass ? (posixSource(posix) ?? token) : token
      if (isInClass) {
        isInClass = token !== ']'
        return token === '[' ? '\\[' : token
      }
      // JavaScript has more ends of lines.
      if (token === '.') return saysAll ? '.' : '[^\\n]'
      if (token === '^' || token === '$') return `(?:${token})`
      if (token.startsWith('[')) isInClass = true
      if (flags !== undefined) {
        if (end === ':') open.push(0)
        else open[open.length - 1] = (open.at(-1) ?? 0) + 1
        // How greedy a pattern is decides nothing about whether it fits.
        return `(?${flags.replaceAll('U', '').replace(/-$/, '')}:`
      }
      if (token.startsWith('(?')) {
        open.push(0)
        return '('
      }
      if (token === '(') open.push(0)
      if (token === ')' && open.length > 1) return ')'.repeat((open.pop() ?? 0) + 1)
      return token.replace(/^(\[\^?)\]$/, '$1\\]')
    },
  )
  return source + ')'.repeat(open[0] ?? 0)
}

const ANCHORS: Readonly<Record<string, string>> = {
  '\\z': '(?-m:$)',
  '\\A': '(?-m:^)',
  '\\b': '(?:\\b)',
  '\\B': '(?:\\B)',
}

function posixSource(name: string): string | undefined {
  if (!name.startsWith('^')) return POSIX[name]
  const set = new RegExp(`[${POSIX[name.slice(1)] ?? ''}]`)
  const others = Array.from({ length: 128 }, (_, code) => code)
    .filter((code) => !set.test(String.fromCodePoint(code)))
    .map((code) => `\\u{${code.toString(16)}}`)
  return `${others.join('')}\\u{80}-\\u{10ffff}`
}

const WHITE = String.raw`\t\n\f\r `

function escapeSource(token: string, isInClass: boolean): string {
  if (token.startsWith('\\Q'))
    return token
      .slice(2)
      .replace(/\\E$/, '')
      .replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
  if (token.startsWith('\\x{')) return `\\u${token.slice(2)}`
  if (/^\\[0-7]/.test(token)) return `\\u{${Number.parseInt(token.slice(1), 8).toString(16)}}`
  if (token === '\\a') return '\\x07'
  if (/^\\[pP]./.test(token)) return unicodeSource(token)
  if (!isInClass && ANCHORS[token] !== undefined) return ANCHORS[token]
  // JavaScript has more that is white.
  if (token === '\\s') return isInClass ? WHITE : `[${WHITE}]`
  if (token === '\\S' && !isInClass) return `[^${WHITE}]`
  // What needs no backslash may have none where JavaScript reads strictly.
  const isNeedless =
    /^\\[^\w$()*+./?[\\\]^{|}-]$/.test(token) || token === '\\_' || (token === '\\-' && !isInClass)
  return isNeedless ? token.slice(1) : token
}

function unicodeSource(token: string): string {
  const [, isNegative, name = ''] = /^\\[pP]\{?(\^?)(\w+)/.exec(token) ?? []
  const letter = (token[1] === 'P') === (isNegative === '^') ? 'p' : 'P'
  return `\\${letter}{${unicodeName(name) ?? name}}`
}
